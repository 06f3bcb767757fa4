"""Hellinger distance between the histograms of the joints' accelerations."""

from typing import ClassVar

from analysis.metrics.histograms import HellingerOfDerivative


class HellingerAccelerationMetric(HellingerOfDerivative):
    """The distance of histograms of all joints' accelerations, in bins of 20 cm/s²."""

    title: ClassVar[str] = "Hellinger, accelerations"
    order: ClassVar[int] = 2
    width: ClassVar[float] = 20.0
