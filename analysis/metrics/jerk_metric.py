"""Average jerk of the joints."""

from typing import ClassVar

from analysis.metrics.derivatives import DerivativeMetric


class JerkMetric(DerivativeMetric):
    """Mean norm of the joints' jerk: third differences times the cube of the frame rate."""

    title: ClassVar[str] = "average jerk"
    unit: ClassVar[str] = "cm/s³"
    order: ClassVar[int] = 3
