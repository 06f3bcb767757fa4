"""Counting the moves of the demo corpus, of which it is known how often each is danced to which music."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from analysis.metrics.clip import Clip, Danced

NONE = "none"
"""What is recognised in a bar in which no move, or something in between, is danced."""
BLIND = ("translation", "heading", "frame_rate", "noise")
"""The changes that what is recognised does not depend on; trembling, while it is small."""
SPOILING = ("freezing", "reversal", "mirroring", "mismatch", "blending")
"""The changes after which the music's moves are no longer recognised."""


def danced(clip: Clip) -> Danced:
    """Give what was recognised in a clip."""
    assert clip.danced is not None, "refused before"
    return clip.danced


def counted(dances: Sequence[Danced]) -> Counter[str]:
    """Give how often each move was danced, "none" among them."""
    return Counter(move for dance in dances for move in dance.moves)


def variation(dances: Sequence[Danced]) -> float:
    """Give the total variation between the moves danced and their probabilities; nan without bars.

    That is half the sum of |share - probability| over moves and "none", of dances to one kind of music.
    """
    counts, probabilities = counted(dances), dances[0].probabilities
    bars = counts.total()
    if not bars:
        return float("nan")
    return 0.5 * sum(abs(counts[move] / bars - probabilities.get(move, 0.0)) for move in {*counts, *probabilities})


def entropy(counts: Counter[str]) -> float:
    """Give the entropy, in bits, of the moves counted, "none" left out; 0 where there are none."""
    numbers = np.array([count for move, count in counts.items() if move != NONE and count], dtype=float)
    share = numbers / numbers.sum() if len(numbers) else numbers
    return float(-(share * np.log2(share)).sum()) + 0.0
