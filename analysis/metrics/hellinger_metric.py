"""Hellinger distance between the histograms of the joints' speeds."""

from typing import ClassVar

from analysis.metrics.histograms import HellingerOfDerivative


class HellingerMetric(HellingerOfDerivative):
    """The distance of histograms of all joints' speeds, in bins of 2 cm/s."""

    title: ClassVar[str] = "Hellinger, speeds"
    order: ClassVar[int] = 1
    width: ClassVar[float] = 2.0
