"""Beat alignment: how near the music's beats there are motion beats."""

from typing import ClassVar

import numpy as np

from analysis.metrics.base_metric import DOWN, HIGHEST, SAME, SHARE, ClipMetric
from analysis.metrics.beats import FPS, alignment, motion_beats, published_beats
from analysis.metrics.clip import Clip

SIGMA_S = 3 / 60
"""Bailando's 3 frames."""


class BeatAlignmentMetric(ClipMetric):
    """Mean over the music's beats of exp(-d^2 / (2 sigma^2)), d to the nearest motion beat, sigma = 0.05 s.

    Motion beats are minima of the smoothed mean joint speed (Bailando, arXiv:2203.13055). Jitter makes more of them
    and raises the score: see `motion_beats`. Variants: `published` counts in frames and takes a displacement for the
    frame before it; `motion_to_music` is the mean over motion beats instead.
    """

    title: ClassVar[str] = "beat alignment"
    unit: ClassVar[str] = "0 to 1"
    best: ClassVar[str] = HIGHEST
    bounds: ClassVar[tuple[float, float]] = SHARE
    reads: ClassVar[tuple[str, ...]] = ("positions", "beats_s")
    variants: ClassVar[tuple[str, ...]] = ("", "published", "motion_to_music")
    effects: ClassVar[dict[str, str]] = {
        "translation": SAME,
        "heading": SAME,
        "frame_rate": SAME,
        "mirroring": SAME,
        "freezing": DOWN,
        "mismatch": DOWN,
        "reversal": DOWN,
    }

    def measure(self, clip: Clip) -> float:
        """Give the score of one clip."""
        assert clip.beats_s is not None, "refused before"
        if self.variant == "published":
            if abs(clip.fps - FPS) > 1e-6:
                raise ValueError(f"{self.title}, as published, is for {FPS:g} frames a second; {clip.fps:g} were given")
            return alignment(np.round(clip.beats_s * FPS), published_beats(clip.positions), SIGMA_S * FPS)
        found = motion_beats(clip)
        return alignment(*((found, clip.beats_s) if self.variant else (clip.beats_s, found)), SIGMA_S)
