"""NLL: how unlikely a model finds recorded motion."""

from typing import ClassVar

from analysis.metrics.base_metric import LOWEST, ClipMetric
from analysis.metrics.clip import Clip


class NllMetric(ClipMetric):
    """-(log p(z) + log_det) of the recorded frames given the real past, in nats for each unscaled dimension of a frame.

    The scaler's log-determinant is in it, so that models on different scalings compare. Deterministic models, and
    motion that no model made, have none.
    """

    title: ClassVar[str] = "negative log-likelihood"
    unit: ClassVar[str] = "nats/dimension"
    best: ClassVar[str] = LOWEST
    reads: ClassVar[tuple[str, ...]] = ("nats",)

    def measure(self, clip: Clip) -> float:
        """Give what the model said of one sequence."""
        assert clip.nats is not None, "refused before"
        return clip.nats
