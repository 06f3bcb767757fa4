"""Average speed of the joints."""

from typing import ClassVar

from analysis.metrics.base_metric import DOWN, REAL, SAME, UP, ClipMetric
from analysis.metrics.clip import Clip
from analysis.metrics.derivatives import mean_derivative

CENTIMETRES = 100.0


class SpeedMetric(ClipMetric):
    """Mean norm of the joints' velocity: first differences times the frame rate.

    GENEA 2020 (Kucherenko et al., arXiv:2102.11617), there at 20 fps, in centimetres. Compare with real motion: lower
    is not better.
    """

    title: ClassVar[str] = "average speed"
    unit: ClassVar[str] = "cm/s"
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
        return mean_derivative(clip, 1) * CENTIMETRES
