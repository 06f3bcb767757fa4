"""How fast positions change: norms of finite differences, per second."""

from typing import ClassVar

import numpy as np

from analysis.metrics.base_metric import DOWN, NOT_NEGATIVE, REAL, SAME, UP, ClipMetric
from analysis.metrics.clip import Clip

CENTIMETRES = 100.0


def derivative_norms(positions: np.ndarray, fps: float, order: int) -> np.ndarray:
    """Give the norms (frames - order, joints) of the `order`-th differences of (frames, joints, 3) times fps^order."""
    return np.linalg.norm(np.diff(np.asarray(positions, dtype=np.float64), n=order, axis=0), axis=-1) * fps**order


def mean_derivative(clip: Clip, order: int) -> float:
    """Give the mean of a clip's norms over frames and joints, in metres per second^order; nan without frames for it."""
    if clip.frames <= order:
        return float("nan")
    return float(derivative_norms(clip.positions, clip.fps, order).mean())


class DerivativeMetric(ClipMetric):
    """Mean norm of a derivative of the joints' positions, of some ``order``, in centimetres.

    GENEA 2020 (Kucherenko et al., arXiv:2102.11617), there at 20 fps. Compare with real motion: lower is not better.
    """

    order: ClassVar[int]
    best: ClassVar[str] = REAL
    bounds: ClassVar[tuple[float, float]] = NOT_NEGATIVE
    effects: ClassVar[dict[str, str]] = {
        "translation": SAME,
        "heading": SAME,
        "mirroring": SAME,
        "reversal": SAME,
        "noise": UP,
        "freezing": DOWN,
        "mismatch": SAME,
    }

    def measure(self, clip: Clip) -> float:
        """Give the mean of one clip."""
        return mean_derivative(clip, self.order) * CENTIMETRES
