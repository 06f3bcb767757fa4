"""Average acceleration of the joints."""

from typing import ClassVar

from analysis.metrics.derivatives import DerivativeMetric


class AccelerationMetric(DerivativeMetric):
    """Mean norm of the joints' acceleration: second differences times the frame rate squared."""

    title: ClassVar[str] = "average acceleration"
    unit: ClassVar[str] = "cm/s²"
    order: ClassVar[int] = 2
