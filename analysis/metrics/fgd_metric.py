"""FGD: the Frechet distance between distributions of short windows, in the latent space of an autoencoder."""

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np

from analysis.metrics.base_metric import SAME, UP
from analysis.metrics.clip import Clip, positions_at
from analysis.metrics.facing import facing
from analysis.metrics.frechet import FrechetMetric
from analysis.metrics.pose_autoencoder import STEPS, STRIDE, PoseEncoder, train_encoder

FPS = 30.0
LENGTHS = {"": 30, "n60": 60, "n90": 90}
"""Frames of a window."""


class FgdMetric(FrechetMetric):
    """Frechet distance of windows of joint positions, in the 32 dimensions of an autoencoder of real windows.

    Yoon et al., Speech gesture generation from the trimodal context (arXiv:2009.02119); GENEA 2020's evaluation.
    Windows are 30 frames at 30 fps (variants `n60`, `n90`), every fifth one, positions as seen from the first root's
    place on the floor, the first hips in line with x where the skeleton has any. The distance depends on the encoder:
    `fit` trains it on the training motion, from a fixed seed, and it is stored with the results. It knows motion, not
    trembling, to which the distance is all but blind.
    """

    title: ClassVar[str] = "Frechet gesture distance"
    unit: ClassVar[str] = "squared latents"
    variants: ClassVar[tuple[str, ...]] = tuple(LENGTHS)
    effects: ClassVar[dict[str, str]] = {
        "translation": SAME,
        "heading": SAME,
        "freezing": UP,
        "mirroring": UP,
        "mismatch": SAME,
        "reversal": UP,
    }

    def __init__(
        self,
        variant: str = "",
        few_samples: bool = False,
        encoder: PoseEncoder | None = None,
        seed: int = 0,
        steps: int = STEPS,
    ):
        super().__init__(variant, few_samples)
        self.encoder, self.seed, self.steps = encoder, seed, steps

    def fit(self, clips: Sequence[Clip]) -> Self:
        """Give the metric with an encoder trained on the windows of real clips."""
        self.refuse(clips)
        encoder = train_encoder(
            np.concatenate([self.windows(clip) for clip in clips]), seed=self.seed, steps=self.steps
        )
        return type(self)(self.variant, self.few_samples, encoder, self.seed, self.steps)

    def samples(self, clip: Clip) -> Any:
        """Give the latent vectors of a clip's windows; ValueError where the metric has not been fitted."""
        if self.encoder is None:
            raise ValueError(f"{self.title} needs its encoder: fit it on the training motion")
        return self.encoder.encode(self.windows(clip))

    def windows(self, clip: Clip) -> np.ndarray:
        """Give the (windows, dim) of a clip; ValueError where it is shorter than one."""
        positions, length = positions_at(clip, FPS), LENGTHS[self.variant]
        if len(positions) < length:
            raise ValueError(
                f"{self.title} takes windows of {length / FPS:g} s; {clip.sequence_id} lasts {clip.duration_s:.1f} s"
            )
        starts = np.arange(0, len(positions) - length + 1, STRIDE)
        windows = positions[starts[:, None] + np.arange(length)]
        return facing(windows, clip.joints, frame=0).reshape(len(windows), -1)
