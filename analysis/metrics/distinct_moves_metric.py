"""Distinct moves: how many different moves are danced, in bits."""

from collections.abc import Sequence
from typing import ClassVar

from analysis.metrics.base_metric import DOWN, NOT_NEGATIVE, REAL, SAME, BaseMetric
from analysis.metrics.clip import Clip, Danced
from analysis.metrics.moves import BLIND, counted, danced, entropy


class DistinctMovesMetric(BaseMetric):
    """Entropy of the moves danced in all bars together, bars without a recognised one left out; demo corpus only."""

    title: ClassVar[str] = "distinct moves"
    unit: ClassVar[str] = "bits"
    best: ClassVar[str] = REAL
    bounds: ClassVar[tuple[float, float]] = NOT_NEGATIVE
    reads: ClassVar[tuple[str, ...]] = ("danced",)
    effects: ClassVar[dict[str, str]] = {
        **dict.fromkeys(BLIND, SAME),
        "freezing": DOWN,
        "reversal": DOWN,
        "mirroring": DOWN,
    }

    def describe(self, clip: Clip) -> Danced:
        """Give what was recognised in a clip."""
        return danced(clip)

    def score(self, generated: Sequence[Danced], real: Sequence[Danced] = ()) -> float:
        """Give the entropy."""
        return entropy(counted(generated))
