"""Average speed of the joints."""

from typing import ClassVar

from analysis.metrics.derivatives import DerivativeMetric


class SpeedMetric(DerivativeMetric):
    """Mean norm of the joints' velocity: first differences times the frame rate."""

    title: ClassVar[str] = "average speed"
    unit: ClassVar[str] = "cm/s"
    order: ClassVar[int] = 1
