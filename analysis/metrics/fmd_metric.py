"""FMD: the Frechet distance between distributions of three consecutive poses."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from analysis.metrics.base_metric import SAME, UP
from analysis.metrics.clip import Clip
from analysis.metrics.frechet import FrechetMetric, frechet_distance, moments
from analysis.metrics.uncentred import uncentred

POSES = 3


class FmdMetric(FrechetMetric):
    """Frechet distance of triples of unscaled feature frames: Transflower, arXiv:2106.13871, 5.1, there at 20 fps.

    At another rate triples span another time: only distances of one rate, which the results state, compare. Triples
    follow each other without overlap and lie inside a clip; covariances divide by their number. The variant
    `uncentred` is the published code's: triples are cut from all clips one after the other, so that some straddle two,
    and second moments E[x x'] stand in for covariances.
    """

    title: ClassVar[str] = "Frechet movement distance"
    unit: ClassVar[str] = "squared features"
    reads: ClassVar[tuple[str, ...]] = ("features",)
    variants: ClassVar[tuple[str, ...]] = ("", "uncentred")
    population: ClassVar[bool] = True
    effects: ClassVar[dict[str, str]] = {"noise": UP, "freezing": UP, "mirroring": UP, "mismatch": SAME, "reversal": UP}

    def samples(self, clip: Clip) -> np.ndarray:
        """Give the triples, (frames // 3, 3 dim)."""
        assert clip.features is not None, "refused before"
        return triples(clip.features)

    def describe(self, clip: Clip) -> Any:
        """Give the moments of the triples; the poses where they are published's."""
        return clip.features if self.variant else super().describe(clip)

    def score(self, generated: Sequence[Any], real: Sequence[Any] = ()) -> float:
        """Give the distance."""
        if not self.variant:
            return super().score(generated, real)
        sets = (uncentred(moments(triples(np.concatenate(each)))) for each in (generated, real))
        return frechet_distance(*sets, population=True, few_samples=self.few_samples)


def triples(poses: np.ndarray) -> np.ndarray:
    """Give three successive rows of (frames, dim) as one, without overlap: (frames // 3, 3 dim).

    ValueError where there are fewer.
    """
    count = len(poses) // POSES
    if not count:
        raise ValueError(f"Frechet movement distance takes {POSES} frames together; there are {len(poses)}")
    return poses[: count * POSES].reshape(count, -1)
