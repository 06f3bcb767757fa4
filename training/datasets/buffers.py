"""Memory for batches that is used again, and only when nobody looks at it any more."""

import weakref

import numpy as np


class BufferPool:
    """Lends arrays; the memory of one returns by itself when the last reference to the lent array is gone.

    A tensor made by ``torch.from_numpy`` holds such a reference, and so do its views and what autograd saves of it:
    whoever keeps a batch keeps its contents. Fresh memory costs a page fault for every 4 kB, which takes as long as
    filling it.
    """

    def __init__(self, spare: int = 4):
        self._spare = spare
        self._free: dict[tuple[tuple[int, ...], np.dtype], list[np.ndarray]] = {}

    def lend(self, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """Give an array of this shape with arbitrary contents."""
        key = (shape[1:], np.dtype(dtype))
        free = self._free.setdefault(key, [])
        place = next((place for place, buffer in enumerate(free) if len(buffer) >= shape[0]), None)
        buffer = np.empty(shape, dtype) if place is None else free.pop(place)
        lent = buffer[: shape[0]]
        weakref.finalize(lent, self._take_back, key, buffer).atexit = False
        return lent

    def _take_back(self, key: tuple[tuple[int, ...], np.dtype], buffer: np.ndarray) -> None:
        if len(self._free[key]) < self._spare:
            self._free[key].append(buffer)
