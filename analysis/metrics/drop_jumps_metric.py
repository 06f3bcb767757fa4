"""Jumps on drops: how often a dancer jumps when the music drops."""

from collections.abc import Sequence
from typing import ClassVar

from analysis.metrics.base_metric import DOWN, HIGHEST, SAME, SHARE, BaseMetric
from analysis.metrics.clip import Clip, Danced
from analysis.metrics.moves import BLIND, danced


class DropJumpsMetric(BaseMetric):
    """Share of the drops of the music on which there is a jump; demo corpus only."""

    title: ClassVar[str] = "jumps on drops"
    unit: ClassVar[str] = "share of drops"
    best: ClassVar[str] = HIGHEST
    bounds: ClassVar[tuple[float, float]] = SHARE
    reads: ClassVar[tuple[str, ...]] = ("danced",)
    effects: ClassVar[dict[str, str]] = {
        **dict.fromkeys(BLIND, SAME),
        "freezing": DOWN,
        "reversal": DOWN,
        "mismatch": DOWN,
        "mirroring": SAME,
    }

    def describe(self, clip: Clip) -> Danced:
        """Give what was recognised in a clip."""
        return danced(clip)

    def score(self, generated: Sequence[Danced], real: Sequence[Danced] = ()) -> float:
        """Give the share; nan without drops."""
        jumps = [jump for dance in generated for jump in dance.jumps]
        return sum(jumps) / len(jumps) if jumps else float("nan")
