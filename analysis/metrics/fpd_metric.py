"""FPD: the Frechet distance between distributions of single poses."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from analysis.metrics.base_metric import SAME, UP
from analysis.metrics.clip import Clip
from analysis.metrics.frechet import FrechetMetric, frechet_distance, moments
from analysis.metrics.uncentred import uncentred


class FpdMetric(FrechetMetric):
    """Frechet distance of unscaled feature frames: Transflower, arXiv:2106.13871, section 5.1, there at 20 fps.

    Covariances divide by the number of frames. The variant `uncentred` is the published code's: second moments E[x x']
    stand in for covariances, so that adding a constant to both sets changes the distance.
    """

    title: ClassVar[str] = "Frechet pose distance"
    unit: ClassVar[str] = "squared features"
    reads: ClassVar[tuple[str, ...]] = ("features",)
    variants: ClassVar[tuple[str, ...]] = ("", "uncentred")
    population: ClassVar[bool] = True
    effects: ClassVar[dict[str, str]] = {"noise": UP, "freezing": UP, "mirroring": UP, "mismatch": SAME}

    def samples(self, clip: Clip) -> np.ndarray:
        """Give the poses."""
        assert clip.features is not None, "refused before"
        return clip.features

    def describe(self, clip: Clip) -> Any:
        """Give the moments of the poses; the poses themselves where they are published's."""
        return self.samples(clip) if self.variant else super().describe(clip)

    def score(self, generated: Sequence[Any], real: Sequence[Any] = ()) -> float:
        """Give the distance."""
        if not self.variant:
            return super().score(generated, real)
        sets = (uncentred(moments(np.concatenate(each))) for each in (generated, real))
        return frechet_distance(*sets, population=True, few_samples=self.few_samples)
