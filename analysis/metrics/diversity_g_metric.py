"""Diversity: how far clips' geometric features are from each other."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from analysis.metrics.base_metric import DOWN, REAL, SAME
from analysis.metrics.standardised import StandardisedMetric


class DiversityGMetric(StandardisedMetric):
    """Mean Euclidean distance between two clips' 32 geometric features, standardised by the real set.

    AIST++ (arXiv:2101.08779) and Bailando (arXiv:2203.13055); to be compared with the value of real motion.
    """

    title: ClassVar[str] = "diversity, geometric"
    best: ClassVar[str] = REAL
    compares: ClassVar[bool] = True
    features: ClassVar[str] = "geometric"
    effects: ClassVar[dict[str, str]] = {"translation": SAME, "heading": SAME, "freezing": DOWN, "mismatch": SAME}

    def score(self, generated: Sequence[np.ndarray], real: Sequence[np.ndarray] = ()) -> float:
        """Give the mean distance."""
        return self.spread(generated, real)
