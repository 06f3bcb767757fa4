"""Variation of moves: how far the moves danced are from their true probabilities."""

from collections.abc import Sequence
from typing import ClassVar

from analysis.metrics.base_metric import LOWEST, SAME, SHARE, UP, BaseMetric
from analysis.metrics.clip import Clip, Danced
from analysis.metrics.moves import BLIND, SPOILING, counted, danced, variation


class MoveVariationMetric(BaseMetric):
    """Total variation between the moves danced and those the music asks for, a mean over kinds of music by their bars.

    Bars in which no move is recognised count as a move of probability 0. Few bars make it large: compare with real
    motion. Demo corpus only.
    """

    title: ClassVar[str] = "variation of moves"
    unit: ClassVar[str] = "0 to 1"
    best: ClassVar[str] = LOWEST
    bounds: ClassVar[tuple[float, float]] = SHARE
    reads: ClassVar[tuple[str, ...]] = ("danced",)
    effects: ClassVar[dict[str, str]] = dict.fromkeys(BLIND, SAME) | dict.fromkeys(SPOILING, UP)

    def describe(self, clip: Clip) -> Danced:
        """Give what was recognised in a clip."""
        return danced(clip)

    def score(self, generated: Sequence[Danced], real: Sequence[Danced] = ()) -> float:
        """Give the total variation; nan without bars."""
        kinds: dict[tuple[tuple[str, float], ...], list[Danced]] = {}
        for dance in generated:
            if dance.moves:
                kinds.setdefault(tuple(sorted(dance.probabilities.items())), []).append(dance)
        bars = [counted(dances).total() for dances in kinds.values()]
        if not bars:
            return float("nan")
        return sum(n * variation(dances) for n, dances in zip(bars, kinds.values(), strict=True)) / sum(bars)
