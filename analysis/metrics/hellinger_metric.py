"""Hellinger distance between the histograms of the joints' speeds."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from analysis.metrics.base_metric import LOWEST, SAME, UP, BaseMetric
from analysis.metrics.clip import Clip
from analysis.metrics.histograms import counts, distance_of_sets

WIDTH, BINS = 2.0, 300
"""Bins of so many cm/s; the last one holds all that is faster."""


class HellingerMetric(BaseMetric):
    """sqrt(1 - sum sqrt(p q)) of histograms of all joints' speeds, in bins of 2 cm/s.

    GENEA 2020 (Kucherenko et al., arXiv:2102.11617), where what is beyond the last bin is dropped.
    """

    title: ClassVar[str] = "Hellinger, speeds"
    unit: ClassVar[str] = "0 to 1"
    best: ClassVar[str] = LOWEST
    compares: ClassVar[bool] = True
    effects: ClassVar[dict[str, str]] = {
        "translation": SAME,
        "heading": SAME,
        "mirroring": SAME,
        "reversal": SAME,
        "noise": UP,
        "freezing": UP,
        "mismatch": SAME,
    }

    def describe(self, clip: Clip) -> np.ndarray:
        """Give the histogram of a clip."""
        return counts(clip, 1, WIDTH, BINS)

    def score(self, generated: Sequence[np.ndarray], real: Sequence[np.ndarray] = ()) -> float:
        """Give the distance."""
        return distance_of_sets(generated, real)
