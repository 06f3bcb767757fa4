"""Return rate: how often the move of two bars ago is danced again."""

from collections.abc import Sequence
from typing import ClassVar

from analysis.metrics.base_metric import DOWN, REAL, SAME, SHARE, BaseMetric
from analysis.metrics.clip import Clip, Danced
from analysis.metrics.moves import BLIND, NONE, SPOILING, danced


class ReturnRateMetric(BaseMetric):
    """Share of the bars, from the third on, with the move of two bars ago; one that is not recognised does not return.

    Only who remembers two bars can return as often as the demo corpus does; demo corpus only.
    """

    title: ClassVar[str] = "return rate"
    unit: ClassVar[str] = "share of bars"
    best: ClassVar[str] = REAL
    bounds: ClassVar[tuple[float, float]] = SHARE
    reads: ClassVar[tuple[str, ...]] = ("danced",)
    effects: ClassVar[dict[str, str]] = dict.fromkeys(BLIND, SAME) | dict.fromkeys(SPOILING, DOWN)

    def describe(self, clip: Clip) -> Danced:
        """Give what was recognised in a clip."""
        return danced(clip)

    def score(self, generated: Sequence[Danced], real: Sequence[Danced] = ()) -> float:
        """Give the share; nan for less than three bars."""
        returns = [
            move == before != NONE
            for dance in generated
            for move, before in zip(dance.moves[2:], dance.moves, strict=False)
        ]
        return sum(returns) / len(returns) if returns else float("nan")

    def truth(self, real: Sequence[Danced]) -> float:
        """Give the probability that the dances were composed with."""
        return sum(dance.return_probability for dance in real) / len(real)
