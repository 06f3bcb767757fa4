"""NLL in bits: how unlikely a model finds recorded motion, in the unit that models are trained in."""

from typing import ClassVar

from analysis.metrics.base_metric import LOWEST, ClipMetric
from analysis.metrics.clip import Clip


class NllBitsMetric(ClipMetric):
    """-log2 p of the recorded frames given the real past, in bits for each frame of scaled features.

    That is the loss of Transflower and MoGlow as published. It compares models of one feature and scaling only: `nll`
    compares others.
    """

    title: ClassVar[str] = "negative log-likelihood, scaled"
    unit: ClassVar[str] = "bits/frame"
    best: ClassVar[str] = LOWEST
    reads: ClassVar[tuple[str, ...]] = ("bits",)

    def measure(self, clip: Clip) -> float:
        """Give what the model said of one sequence."""
        assert clip.bits is not None, "refused before"
        return clip.bits
