"""Which windows make up which batch: shuffled or in order, whole or one process's share, from any batch on."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from torch import distributed
from torch.utils.data import Sampler

from training.shuffle import Shuffle

AHEAD = 64
"""Batches whose windows are looked up at once."""


class TrainingBatches(Sampler[list[int]]):
    """The batches of an epoch, each of ``batch_size`` windows for each process, in a seeded shuffle of its own.

    A batch depends on seed, epoch and its number only. Several processes share what one process would have with as many
    times the ``batch_size``, so that they do the same steps. The windows that fill no batch come in another epoch;
    where there are too few for any, there is one smaller batch.
    """

    def __init__(self, size: int, batch_size: int, seed: int):
        self.size = size
        self.batch_size = batch_size
        self.seed = seed
        self.epoch = 0
        self.first = 0
        """The batch that the epoch goes on with."""

    @property
    def sampler(self) -> "TrainingBatches":
        """Where Lightning looks for `set_epoch`."""
        return self

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch; Lightning calls this."""
        if epoch != self.epoch:
            self.epoch, self.first = epoch, 0

    def go_on(self, epoch: int, first: int) -> None:
        """Let the next iteration begin within an epoch."""
        self.epoch, self.first = epoch, first

    def windows(self, epoch: int, batch: int, count: int = 1) -> np.ndarray:
        """The items of this process in some batches from one on: (batches, batch size)."""
        rank, processes = _place()
        whole = self._whole(processes)
        places = np.arange(batch * whole, (batch + count) * whole).reshape(count, processes, -1)
        return Shuffle(self.size, self.seed, epoch)[places[:, rank]]

    def __iter__(self) -> Iterator[list[int]]:
        epoch, first = self.epoch, self.first
        for start in range(first, len(self), AHEAD):
            yield from self.windows(epoch, start, min(AHEAD, len(self) - start)).tolist()

    def __len__(self) -> int:
        return self.size // self._whole(_place()[1])

    def _whole(self, processes: int) -> int:
        """The windows of a batch of all processes."""
        if self.size < processes:
            raise ValueError(f"{self.size} windows are too few for {processes} processes; lower --devices")
        return min(self.batch_size, self.size // processes) * processes


class HeldOutBatches(Sampler[list[int]]):
    """All windows once, in order, in batches of ``batch_size`` or somewhat less; each process has its share of them.

    All processes have as many batches. Where a ``batch_size`` of 1 would leave some of them without a window for the
    last one, a batch of the others has two.
    """

    def __init__(self, size: int, batch_size: int):
        self.size = size
        self.batch_size = batch_size

    def windows(self, batch: int) -> np.ndarray:
        """The items of this process in a batch."""
        return self._shares()[batch]

    def __iter__(self) -> Iterator[list[int]]:
        for items in self._shares():
            yield items.tolist()

    def __len__(self) -> int:
        processes = _place()[1]
        if 0 < self.size < processes:
            raise ValueError(f"{self.size} held-out windows are too few for {processes} processes; lower --devices")
        return min(-(-self.size // (processes * self.batch_size)), self.size // processes)

    def _shares(self) -> list[np.ndarray]:
        rank, processes = _place()
        return np.array_split(np.arange(rank, self.size, processes), len(self))


def position(trainer: Any) -> dict[str, int]:
    """The epoch that a Trainer is in, or that comes next, and how many of its batches are done."""
    epochs = trainer.fit_loop.epoch_progress.current
    begun = epochs.started > epochs.processed
    batches = trainer.fit_loop.epoch_loop.batch_progress.current.ready
    return {"epoch": epochs.processed, "batch": batches if begun else 0}


def _place() -> tuple[int, int]:
    """The rank of this process, and how many there are."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1
