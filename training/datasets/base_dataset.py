"""What every data set promises: windows, batches gathered at once, and whole sequences."""

import argparse
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from models.windows import Window


class BaseDataset(Dataset, ABC):
    """Items of one split (``train``, ``val``, ``test``) of a corpus, cut out at anchors.

    A subclass is found by its file, ``training/datasets/foo_dataset.py`` holding ``FooDataset``. The loader is given
    ``collate_fn=collated``, as ``__getitems__`` already makes the batch.
    """

    inputs: tuple[Window, ...]
    outputs: tuple[Window, ...]
    sequence_ids: tuple[str, ...]
    """The sequences that windows come from."""
    token_vectors: Mapping[str, np.ndarray] = MappingProxyType({})
    """Discrete modality -> (tokens, dim) vectors that its embedding may begin with, where there are any."""

    def __init__(self, opt: argparse.Namespace, split: str):
        self.split = split

    @staticmethod
    def modify_commandline_options(parser: Any) -> None:
        """Add the options that this class reads to an argparse group."""

    @abstractmethod
    def __len__(self) -> int:
        """The number of items."""

    @abstractmethod
    def __getitems__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        """The batch of these items: ``in_<modality>`` and ``out_<modality>``, each (batch, time, dim)."""

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        """One item: ``in_<modality>`` and ``out_<modality>``, each (time, dim)."""
        return {key: value[0] for key, value in self.__getitems__([index]).items()}

    def place(self, index: int) -> tuple[str, int]:
        """The sequence and the anchor of an item, for messages; a data set that has none tells the item's number."""
        return f"of item {index}", 0

    def preload(self, device: torch.device) -> None:
        """Keep the corpus in the memory of a device, and give batches that lie there; ValueError if it cannot."""
        raise ValueError(f"--preload: {type(self).__name__} cannot be kept on a device; leave the option out")

    @abstractmethod
    def sequence(self, sequence_id: str) -> dict[str, np.ndarray]:
        """All frames of one sequence: {modality: (frames, dim)}, read-only."""


def collated(batch: Any) -> Any:
    """Give the batch as it is: ``__getitems__`` has collated it."""
    return batch
