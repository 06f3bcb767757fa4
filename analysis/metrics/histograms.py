"""Histograms of the joints' speeds and accelerations, and the Hellinger distance between them."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from analysis.metrics.base_metric import LOWEST, SAME, SHARE, UP, BaseMetric
from analysis.metrics.clip import Clip
from analysis.metrics.derivatives import derivative_norms

CENTIMETRES = 100.0


def counts(clip: Clip, order: int, width: float, bins: int) -> np.ndarray:
    """Give how many of a clip's speeds (order 1) or accelerations (2) lie in each bin, (bins,).

    Bins are `width` wide, in centimetres per second^order, the first from 0 on; the last one is open.
    """
    norms = derivative_norms(clip.positions, clip.fps, order) * CENTIMETRES
    index = np.minimum(norms / width, bins - 1).astype(int)
    return np.bincount(index.ravel(), minlength=bins).astype(np.float64)


def hellinger(one: np.ndarray, other: np.ndarray) -> float:
    """Give sqrt(1 - sum sqrt(p q)) of two histograms; nan where one is empty.

    >>> hellinger(np.array([1, 0]), np.array([0, 5])), hellinger(np.array([1, 3]), np.array([2, 6]))
    (1.0, 0.0)
    """
    if not one.sum() or not other.sum():
        return float("nan")
    overlap = np.sqrt(one / one.sum() * (other / other.sum())).sum()
    return float(np.sqrt(max(0.0, 1.0 - overlap)))


def distance_of_sets(generated: Sequence[np.ndarray], real: Sequence[np.ndarray]) -> float:
    """Give the Hellinger distance between the summed histograms of two sets of clips."""
    return hellinger(np.sum(generated, axis=0), np.sum(real, axis=0))


class HellingerOfDerivative(BaseMetric):
    """sqrt(1 - sum sqrt(p q)) of histograms of the norms of a derivative of all joints' positions, of some ``order``.

    GENEA 2020 (Kucherenko et al., arXiv:2102.11617), where what is beyond the last bin is dropped. Here the last one of
    the ``bins``, each ``width`` wide, holds all that is faster.
    """

    order: ClassVar[int]
    width: ClassVar[float]
    bins: ClassVar[int] = 300
    unit: ClassVar[str] = "0 to 1"
    best: ClassVar[str] = LOWEST
    bounds: ClassVar[tuple[float, float]] = SHARE
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
        return counts(clip, self.order, self.width, self.bins)

    def score(self, generated: Sequence[np.ndarray], real: Sequence[np.ndarray] = ()) -> float:
        """Give the distance."""
        return distance_of_sets(generated, real)
