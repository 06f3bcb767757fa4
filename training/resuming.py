"""What a run that is gone on with takes from its checkpoint, and what from the options of today."""

import argparse
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from models import read_as_checkpoint
from training.optimisers import PLATEAU_POLICIES, patience

log = logging.getLogger(__name__)

TUNED = ("batch_size", "learning_rate")


def options_of(checkpoint: Path) -> dict[str, Any]:
    """The options that a checkpoint was saved with, its weights not read; ValueError if it is damaged or foreign."""
    with read_as_checkpoint(checkpoint):
        content = torch.load(checkpoint, map_location="cpu", mmap=True, weights_only=True)
        return dict(content["terpsichore"]["opt"])


def refuse_another_optimiser(before: Mapping[str, Any], opt: argparse.Namespace, checkpoint: Path) -> None:
    """ValueError where the optimiser or the schedule is one that the state in a checkpoint is not of.

    ``before`` are the options that the checkpoint was saved with.
    """
    was = before.get("lr_policy", opt.lr_policy)
    if before.get("optimizer", opt.optimizer) != opt.optimizer:
        name = "optimizer"
    elif (was in PLATEAU_POLICIES) != (opt.lr_policy in PLATEAU_POLICIES):
        name = "lr_policy"
    elif opt.optimizer == "rmsprop" and opt.momentum and not before.get("momentum", opt.momentum):
        name = "momentum"  # which rmsprop has no state for unless it began with some
    else:
        return
    raise ValueError(
        f"{checkpoint} was trained with --{name} {before[name]} and cannot go on with {getattr(opt, name)}; leave "
        "that as it was, or begin a run from its weights with --weights_from"
    )


def as_tuned(before: Mapping[str, Any], opt: argparse.Namespace) -> argparse.Namespace:
    """The options with the batch size and the learning rate that a run has, which is not tuned again."""
    kept = {name: before[name] for name in TUNED if name in before}
    told = " ".join(f"--{name} {value}" for name, value in kept.items())
    log.info("--do_tuning is left out: the run has begun, and goes on with its %s", told)
    return argparse.Namespace(**vars(opt) | kept)


def apply_options(
    optimiser: Optimizer, schedule: LambdaLR | ReduceLROnPlateau, opt: argparse.Namespace, before: Mapping[str, Any]
) -> None:
    """Let a restored optimiser and its schedule have the numbers of today's options.

    The schedule goes on from its place with the new rate; one that waits for a plateau begins with it again, and
    keeps the rate it has come to where the option is as it was.
    """
    for group in optimiser.param_groups:
        group.update({name: getattr(opt, name) for name in ("weight_decay", "momentum") if name in group})
    if isinstance(schedule, ReduceLROnPlateau):
        schedule.factor, schedule.patience = opt.lr_decay_factor, patience(opt.lr_decay_iters)
        if before.get("learning_rate", opt.learning_rate) == opt.learning_rate:
            return
        rates = [opt.learning_rate] * len(optimiser.param_groups)
    else:
        schedule.base_lrs = [opt.learning_rate] * len(optimiser.param_groups)
        rates = [opt.learning_rate * factor(schedule.last_epoch) for factor in schedule.lr_lambdas]
    for group, rate in zip(optimiser.param_groups, rates, strict=True):
        group["lr"] = rate
    schedule._last_lr = rates
