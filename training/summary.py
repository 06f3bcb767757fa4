"""What a run says at its start: how much it trains on what, and what of the machine it uses, and why."""

import argparse

import pytorch_lightning as pl
import torch

from models.base_model import BaseModel
from training.datasets.base_dataset import BaseDataset
from training.optimisers import is_fused


def size_line(opt: argparse.Namespace, model: BaseModel, train: BaseDataset, val: BaseDataset | None) -> str:
    """The numbers of parameters, windows and sequences."""
    parameters = sum(parameter.numel() for parameter in model.parameters())
    held_out = f"{len(val):,} of {len(val.sequence_ids)} held out" if val is not None else "none held out"
    return (
        f"{opt.model}: {parameters:,} parameters; {len(train):,} windows of {len(train.sequence_ids)} sequences, "
        f"{held_out}"
    )


def means_line(opt: argparse.Namespace, trainer: pl.Trainer) -> str:
    """Devices, precision, optimiser and loading, each with its reason."""
    return "; ".join(
        filter(None, [_devices(trainer), _precision(trainer), _optimiser(opt), _loading(opt, trainer), _saving(opt)])
    )


def _devices(trainer: pl.Trainer) -> str:
    kind = trainer.accelerator.__class__.__name__.removesuffix("Accelerator").upper()
    name = torch.cuda.get_device_name() if kind == "CUDA" else kind
    several = trainer.world_size > 1
    count = f"{trainer.world_size} processes ({trainer.strategy.__class__.__name__}), each on " if several else "on "
    return f"{count}{name} with {torch.get_num_threads()} thread{'s' if torch.get_num_threads() > 1 else ''}"


def _precision(trainer: pl.Trainer) -> str:
    precision = str(trainer.precision)
    if precision == "32-true" and trainer.accelerator.__class__.__name__ == "CUDAAccelerator":
        return "float32 (--precision bf16-mixed is faster on this device)"
    return {"32-true": "float32", "64-true": "float64"}.get(precision, precision)


def _optimiser(opt: argparse.Namespace) -> str:
    said = [f"{'fused ' if is_fused(opt.optimizer, opt.precision) else ''}{opt.optimizer}"]
    if opt.gradient_clip_val:
        said.append(f"gradients clipped at {opt.gradient_clip_val:g}")
    if opt.accumulate_grad_batches > 1:
        said.append(f"{opt.accumulate_grad_batches} batches a step")
    if opt.ema_decay:
        said.append(f"weights averaged ({opt.ema_decay:g})")
    if opt.compile:
        said.append("compiled")
    recomputing = [name for name in vars(opt) if name.endswith("activation_checkpointing")]  # those of held models, too
    if any(getattr(opt, name) for name in recomputing):
        said.append("layers computed again for gradients (--activation_checkpointing)")
    return ", ".join(said)


def _loading(opt: argparse.Namespace, trainer: pl.Trainer) -> str:
    if opt.preload:
        return "the whole corpus in the device's memory"
    where = "pinned memory, " if trainer.accelerator.__class__.__name__ == "CUDAAccelerator" else ""
    if opt.num_workers:
        return f"{where}{opt.num_workers} processes that gather windows"
    return f"{where}windows gathered by the training process (they are copied out of mapped files, in a call a batch)"


def _saving(opt: argparse.Namespace) -> str:
    said = [f"{opt.save_every_minutes:g} min"] if opt.save_every_minutes else []
    said += [f"{opt.save_every_n_steps} steps"] if opt.save_every_n_steps else []
    return f"a checkpoint every {' or '.join(said)} and each epoch" if said else "a checkpoint each epoch"
