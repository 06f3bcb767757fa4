"""Coverage: in how many bars a move is danced that suits the music."""

from collections.abc import Sequence
from typing import ClassVar

from analysis.metrics.base_metric import DOWN, HIGHEST, SAME, SHARE, BaseMetric
from analysis.metrics.clip import Clip, Danced
from analysis.metrics.moves import BLIND, SPOILING, danced


class CoverageMetric(BaseMetric):
    """Share of the bars whose move is one of those that are danced to this music; demo corpus only."""

    title: ClassVar[str] = "fitting moves"
    unit: ClassVar[str] = "share of bars"
    best: ClassVar[str] = HIGHEST
    bounds: ClassVar[tuple[float, float]] = SHARE
    reads: ClassVar[tuple[str, ...]] = ("danced",)
    effects: ClassVar[dict[str, str]] = dict.fromkeys(BLIND, SAME) | dict.fromkeys(SPOILING, DOWN)

    def describe(self, clip: Clip) -> Danced:
        """Give what was recognised in a clip."""
        return danced(clip)

    def score(self, generated: Sequence[Danced], real: Sequence[Danced] = ()) -> float:
        """Give the share; nan without bars."""
        fits = [move in dance.probabilities for dance in generated for move in dance.moves]
        return sum(fits) / len(fits) if fits else float("nan")
