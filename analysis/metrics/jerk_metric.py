"""Average jerk of the joints."""

from typing import ClassVar

from analysis.metrics.base_metric import DOWN, REAL, SAME, UP, ClipMetric
from analysis.metrics.clip import Clip
from analysis.metrics.derivatives import mean_derivative

CENTIMETRES = 100.0


class JerkMetric(ClipMetric):
    """Mean norm of the joints' jerk: third differences times the cube of the frame rate.

    GENEA 2020 (Kucherenko et al., arXiv:2102.11617), there at 20 fps, in centimetres. Compare with real motion: lower
    is not better.
    """

    title: ClassVar[str] = "average jerk"
    unit: ClassVar[str] = "cm/s³"
    best: ClassVar[str] = REAL
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
        return mean_derivative(clip, 3) * CENTIMETRES
