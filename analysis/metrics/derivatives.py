"""How fast positions change: norms of finite differences, per second."""

import numpy as np

from analysis.metrics.clip import Clip


def derivative_norms(positions: np.ndarray, fps: float, order: int) -> np.ndarray:
    """Give the norms (frames - order, joints) of the `order`-th differences of (frames, joints, 3) times fps^order."""
    return np.linalg.norm(np.diff(np.asarray(positions, dtype=np.float64), n=order, axis=0), axis=-1) * fps**order


def mean_derivative(clip: Clip, order: int) -> float:
    """Give the mean of a clip's norms over frames and joints, in metres per second^order; nan without frames for it."""
    if clip.frames <= order:
        return float("nan")
    return float(derivative_norms(clip.positions, clip.fps, order).mean())
