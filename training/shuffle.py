"""A shuffle that is computed place by place, so that neither its start nor its memory grows with the corpus."""

import numpy as np

ROUNDS = 6
"""Four rounds of good mixing make a Feistel network pseudo-random (Luby and Rackoff, 1988); two more cost little."""
GOLDEN = 0x9E3779B97F4A7C15
FIRST, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
"""The constants of splitmix64 (Steele, Lea and Flood, 2014)."""


class Shuffle:
    """A permutation of ``range(size)`` that depends on the seeds only.

    A Feistel network permutes the numbers of the smallest even number of bits that hold ``size``; a place that lands
    beyond the end is permuted again until it does not (Black and Rogaway, 2002, "cycle walking").
    """

    def __init__(self, size: int, *seeds: int):
        self.size = size
        self._half = max(1, ((size - 1).bit_length() + 1) // 2)
        self._keys = np.random.SeedSequence(seeds).generate_state(ROUNDS, np.uint64)

    def __getitem__(self, places: np.ndarray) -> np.ndarray:
        """What stands at these places, each in [0, size)."""
        found = self._permuted(np.asarray(places, np.uint64))
        while (beyond := found >= self.size).any():
            found[beyond] = self._permuted(found[beyond])
        return found.astype(np.int64)

    def _permuted(self, numbers: np.ndarray) -> np.ndarray:
        half = np.uint64(self._half)
        mask = np.uint64((1 << self._half) - 1)
        left, right = numbers >> half, numbers & mask
        for key in self._keys:
            left, right = right, left ^ (_mixed(right + key) & mask)
        return left << half | right


def _mixed(values: np.ndarray) -> np.ndarray:
    """splitmix64 of each value."""
    values = values + np.uint64(GOLDEN)
    values = (values ^ (values >> np.uint64(30))) * FIRST
    values = (values ^ (values >> np.uint64(27))) * SECOND
    return values ^ (values >> np.uint64(31))
