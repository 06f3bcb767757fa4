"""The loaders of training and held-out windows, and where in the training windows a run stands."""

import argparse
from typing import Any

import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader

from training.batches import HeldOutBatches, TrainingBatches, position
from training.callbacks.stopping import leave_signals_to_training
from training.datasets.base_dataset import BaseDataset, collated


def make_loader(dataset: BaseDataset, opt: argparse.Namespace) -> DataLoader:
    """Batches of ``opt.batch_size``: shuffled for the training split, in order for the others."""
    batches = (
        TrainingBatches(len(dataset), opt.batch_size, opt.seed)
        if dataset.split == "train"
        else HeldOutBatches(len(dataset), opt.batch_size)
    )
    return DataLoader(
        dataset,
        batch_sampler=batches,
        collate_fn=collated,
        num_workers=opt.num_workers,
        worker_init_fn=leave_signals_to_training,
        persistent_workers=opt.num_workers > 0,
        pin_memory=torch.cuda.is_available() and not opt.preload,
    )


class Windows(pl.LightningDataModule):
    """The training windows and the held-out ones, if any. It keeps its place when a run is resumed."""

    def __init__(self, opt: argparse.Namespace, train: BaseDataset, val: BaseDataset | None = None):
        super().__init__()
        self.opt = opt
        self.train = train
        self.val = val
        self._batches = 0
        self._place = {"epoch": 0, "batch": 0, "batches": 0}

    def train_dataloader(self) -> DataLoader:
        """Batches from where the run stands on; ValueError where an epoch has other batches than before."""
        if self.opt.preload:
            self.train.preload(self.trainer.strategy.root_device)  # type: ignore[union-attr]
        loader = make_loader(self.train, self.opt)
        if self._place["batch"] and self._place["batches"] != len(loader):
            raise ValueError(
                f"the run stands after {self._place['batch']} of the {self._place['batches']} batches of an epoch, "
                f"which has {len(loader)} now; go on with the data, --batch_size and --devices that it had, or begin "
                "a run from its weights with --load_weights_only"
            )
        loader.batch_sampler.go_on(self._place["epoch"], self._place["batch"])  # type: ignore[union-attr]
        self._batches = len(loader)
        return loader

    def val_dataloader(self) -> DataLoader | list[Any]:
        """The held-out batches."""
        if self.opt.preload and self.val:
            self.val.preload(self.trainer.strategy.root_device)  # type: ignore[union-attr]
        return make_loader(self.val, self.opt) if self.val else []

    def state_dict(self) -> dict[str, int]:
        """Where the run stands."""
        return {**position(self.trainer), "batches": self._batches}

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        """Go on from there."""
        self._place = {name: int(state_dict[name]) for name in self._place}
