"""Batches in the order of a seeded shuffle, or in order."""

import argparse
from collections.abc import Iterator

import torch
from torch.utils.data import DataLoader, Sampler, SequentialSampler

from training.datasets.base_dataset import BaseDataset, collated


class EpochShuffle(Sampler[int]):
    """All indices in an order that depends on the seed and the epoch only, so that a resumed epoch has the same one."""

    def __init__(self, size: int, seed: int):
        self.size = size
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the order; Lightning calls this."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        return iter(torch.randperm(self.size, generator=generator).tolist())

    def __len__(self) -> int:
        return self.size


def make_loader(dataset: BaseDataset, opt: argparse.Namespace) -> DataLoader:
    """Batches of ``opt.batch_size``; shuffled, and without an incomplete last one, for the training split."""
    train = dataset.split == "train"
    order = EpochShuffle(len(dataset), opt.seed) if train else SequentialSampler(dataset)
    whole = train and len(dataset) >= opt.batch_size
    return DataLoader(
        dataset,
        batch_size=opt.batch_size,
        sampler=order,
        drop_last=whole,
        collate_fn=collated,
        num_workers=opt.num_workers,
        persistent_workers=opt.num_workers > 0,
        pin_memory=torch.cuda.is_available(),
    )
