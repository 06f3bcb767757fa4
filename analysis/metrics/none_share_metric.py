"""Share of none: in how many bars no move is recognised."""

from collections.abc import Sequence
from typing import ClassVar

from analysis.metrics.base_metric import LOWEST, SAME, SHARE, UP, BaseMetric
from analysis.metrics.clip import Clip, Danced
from analysis.metrics.moves import BLIND, NONE, SPOILING, counted, danced


class NoneShareMetric(BaseMetric):
    """Share of the bars in which what is danced is no move, or something between several; demo corpus only."""

    title: ClassVar[str] = "share of none"
    unit: ClassVar[str] = "share of bars"
    best: ClassVar[str] = LOWEST
    bounds: ClassVar[tuple[float, float]] = SHARE
    reads: ClassVar[tuple[str, ...]] = ("danced",)
    effects: ClassVar[dict[str, str]] = dict.fromkeys(BLIND, SAME) | dict.fromkeys(SPOILING, UP)

    def describe(self, clip: Clip) -> Danced:
        """Give what was recognised in a clip."""
        return danced(clip)

    def score(self, generated: Sequence[Danced], real: Sequence[Danced] = ()) -> float:
        """Give the share; nan without bars."""
        counts = counted(generated)
        return counts[NONE] / counts.total() if counts else float("nan")
