"""CCA: how well a recorded motion can be told from the generated one of the same sequence, linearly."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from analysis.metrics.base_metric import DOWN, HIGHEST, SAME, BaseMetric
from analysis.metrics.canonical import CanonicalPair, principal
from analysis.metrics.clip import Clip

COMPONENTS = 10
Described = tuple[str, np.ndarray]
Pair = tuple[np.ndarray, np.ndarray]


class CcaMetric(BaseMetric):
    """First canonical correlation of joint positions, seen from the root, with those of the recorded motion.

    GENEA 2020 (Kucherenko et al., arXiv:2102.11617). Directions are found on every second pair of sequences (of a
    single one, on its first half) and the correlation is that of the others, after principal components: fitted and
    measured on the same frames, random walks correlate perfectly. That is the variant `published`, refitted on each
    pair, their mean.
    """

    title: ClassVar[str] = "canonical correlation"
    unit: ClassVar[str] = "−1 to 1"
    best: ClassVar[str] = HIGHEST
    bounds: ClassVar[tuple[float, float]] = (-1.0, 1.0)
    compares: ClassVar[bool] = True
    paired: ClassVar[bool] = True
    variants: ClassVar[tuple[str, ...]] = ("", "published")
    effects: ClassVar[dict[str, str]] = {
        "translation": SAME,
        "mismatch": DOWN,
        "reversal": DOWN,
        "freezing": DOWN,
        "heading": SAME,
    }

    def redraw(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Give the places of a set drawn anew, each half from itself: no sequence is both fitted and measured on."""
        if self.variant:
            return super().redraw(count, rng)
        if count < 4:
            raise ValueError(f"{self.title}: an interval needs two sequences in each half; there are {count}")
        order = np.arange(count)
        for half in (order[::2], order[1::2]):
            half[:] = rng.choice(half, size=len(half))
        return order

    def describe(self, clip: Clip) -> Described:
        """Give the sequence and its (frames, dim) places from the root."""
        return clip.sequence_id, (clip.positions - clip.positions[:, :1]).reshape(clip.frames, -1)

    def score(self, generated: Sequence[Described], real: Sequence[Described] = ()) -> float:
        """Give the correlation; ValueError for a generated sequence without its recorded one."""
        pairs = _pairs(generated, dict(real))
        if self.variant:
            return float(np.mean([CanonicalPair.fit(*pair).correlation(*pair) for pair in pairs]))
        if len(pairs) == 1:
            half = (len(pairs[0][0]) + 1) // 2
            one, other = pairs[0]
            pairs = [(one[:half], other[:half]), (one[half:], other[half:])]
        fitted, held_out = _stacked(pairs[::2]), _stacked(pairs[1::2])
        reduced = []
        for fit, test in zip(fitted, held_out, strict=True):
            mean, directions = principal(fit, COMPONENTS)
            reduced.append(((fit - mean) @ directions, (test - mean) @ directions))
        (fit_one, test_one), (fit_other, test_other) = reduced
        return CanonicalPair.fit(fit_one, fit_other).correlation(test_one, test_other)


def _pairs(generated: Sequence[Described], real: dict[str, np.ndarray]) -> list[Pair]:
    pairs = []
    for sequence_id, values in generated:
        if sequence_id not in real:
            raise ValueError(f"canonical correlation compares with recorded motion, and {sequence_id} has none")
        frames = min(len(values), len(real[sequence_id]))
        pairs.append((values[:frames], real[sequence_id][:frames]))
    return pairs


def _stacked(pairs: Sequence[Pair]) -> Pair:
    return np.concatenate([pair[0] for pair in pairs]), np.concatenate([pair[1] for pair in pairs])
