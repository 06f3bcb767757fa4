"""Find a batch size and a learning rate by trying, before a run begins."""

import argparse
import copy
import logging
import math
import time
from collections.abc import Iterable, Iterator

import numpy as np
import torch
from pytorch_lightning import Trainer
from torch import Tensor

from models.base_model import BaseModel
from training.batches import TrainingBatches
from training.datasets.base_dataset import BaseDataset
from training.optimisers import make_optimiser

log = logging.getLogger(__name__)

SMALLEST_BATCH = 8
STEPS_PER_EPOCH = 8
"""A batch size is not tried if it leaves fewer steps in an epoch."""
WORTH = 1.05
"""A batch of twice the size is worth it if it gives so many times the windows per second."""
RATES = (1e-7, 1.0)
TRIED = 100
DIVERGED = 4.0
"""A loss so many times the lowest one ends the search for a learning rate."""
SMOOTHING = 0.9


def tune(opt: argparse.Namespace, model: BaseModel, train: BaseDataset, trainer: Trainer) -> argparse.Namespace:
    """The options with the batch size and the learning rate that have been found; the model stays as it is.

    ValueError where several processes would have to agree on them.
    """
    processes = trainer.num_devices * trainer.num_nodes
    if processes > 1:
        raise ValueError(
            f"--do_tuning tries on one device and this run has {processes}; tune with --devices 1 first, then train "
            "with the --batch_size and --learning_rate that it found"
        )
    device = trainer.strategy.root_device
    tuned = argparse.Namespace(**vars(opt) | {"batch_size": find_batch_size(opt, model, train, device)})
    rate = find_learning_rate(tuned, model, train, device)
    log.info("tuned: --batch_size %d --learning_rate %.2g", tuned.batch_size, rate)
    return argparse.Namespace(**vars(tuned) | {"learning_rate": rate})


def find_batch_size(opt: argparse.Namespace, model: BaseModel, train: BaseDataset, device: torch.device) -> int:
    """The size from which on a larger batch gives hardly more windows per second, or does not fit in memory."""
    best, best_rate, size = SMALLEST_BATCH, 0.0, SMALLEST_BATCH
    while size == SMALLEST_BATCH or size * STEPS_PER_EPOCH <= len(train):
        try:
            rate = _windows_per_s(opt, copy.deepcopy(model).to(device), train, size)
        except torch.OutOfMemoryError:
            break
        log.info("batch size %d: %.3g windows/s", size, rate)
        if rate < best_rate * WORTH:
            break
        best, best_rate, size = size, rate, 2 * size
    return best


def find_learning_rate(opt: argparse.Namespace, model: BaseModel, train: BaseDataset, device: torch.device) -> float:
    """The rate at which the loss falls fastest while it is raised from step to step (Smith, arXiv 1506.01186, 3.3).

    It is the one of the options where the first batch has no finite loss, which training will look into.
    """
    trial = copy.deepcopy(model).to(device)
    rates = np.geomspace(*RATES, TRIED)
    losses: list[float] = []
    mean = 0.0
    for step, loss in enumerate(_steps(opt, trial, train, opt.batch_size, rates.tolist())):
        mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
        smooth = mean / (1 - SMOOTHING ** (step + 1))
        if not math.isfinite(smooth) or (losses and smooth - min(losses) > DIVERGED * abs(min(losses))):
            break
        losses.append(smooth)
    if not losses:
        log.warning("no learning rate is found: the loss of the first batch is not finite")
        return opt.learning_rate
    return fastest_fall(rates[: len(losses)].tolist(), losses)


def fastest_fall(rates: list[float], losses: list[float]) -> float:
    """The rate at which the loss falls fastest over the rate's logarithm; a tenth of the last where it never does."""
    slopes = np.gradient(losses) if len(losses) > 2 else np.zeros(1)
    return rates[int(slopes.argmin())] if slopes.min() < 0 else rates[-1] / 10


def _windows_per_s(opt: argparse.Namespace, model: BaseModel, train: BaseDataset, size: int) -> float:
    steps = _steps(opt, model, train, size, [opt.learning_rate] * 4)
    next(steps)  # the first sets norms and takes memory
    start = time.perf_counter()
    count = sum(1 for _ in steps)
    return count * min(size, len(train)) / (time.perf_counter() - start)


def _steps(
    opt: argparse.Namespace, model: BaseModel, train: BaseDataset, size: int, rates: Iterable[float]
) -> Iterator[float]:
    """Train at these learning rates, a step each, and yield the losses."""
    torch.manual_seed(opt.seed)
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = make_optimiser(
        opt.optimizer,
        parameters,
        learning_rate=opt.learning_rate,
        weight_decay=opt.weight_decay,
        momentum=opt.momentum,
    )
    batches = _endless(train, TrainingBatches(len(train), size, opt.seed), parameters[0].device)
    for rate, batch in zip(rates, batches, strict=False):
        optimiser.param_groups[0]["lr"] = rate
        with torch.autocast(parameters[0].device.type, torch.bfloat16, enabled="bf16" in str(opt.precision)):
            loss = model.losses(batch)["loss"]
        optimiser.zero_grad()
        loss.backward()
        if opt.gradient_clip_val:
            torch.nn.utils.clip_grad_norm_(parameters, opt.gradient_clip_val)
        optimiser.step()
        yield loss.item()


def _endless(train: BaseDataset, batches: TrainingBatches, device: torch.device) -> Iterator[dict[str, Tensor]]:
    while True:
        for items in batches:
            yield {key: value.to(device) for key, value in train.__getitems__(items).items()}
        batches.set_epoch(batches.epoch + 1)
