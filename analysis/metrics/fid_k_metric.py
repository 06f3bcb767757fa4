"""FID_k: the Frechet distance between distributions of clips' kinetic features."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from analysis.metrics.base_metric import LOWEST, SAME, UP
from analysis.metrics.standardised import StandardisedMetric


class FidKMetric(StandardisedMetric):
    """Frechet distance of AIST++'s kinetic features (arXiv:2101.08779), standardised by the real set."""

    title: ClassVar[str] = "FID, kinetic"
    unit: ClassVar[str] = "squared deviations of real motion"
    best: ClassVar[str] = LOWEST
    compares: ClassVar[bool] = True
    features: ClassVar[str] = "kinetic"
    effects: ClassVar[dict[str, str]] = {
        "translation": SAME,
        "heading": SAME,
        "noise": UP,
        "freezing": UP,
        "mismatch": SAME,
    }

    def score(self, generated: Sequence[np.ndarray], real: Sequence[np.ndarray] = ()) -> float:
        """Give the distance."""
        return self.frechet(generated, real)
