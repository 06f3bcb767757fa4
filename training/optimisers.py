"""Optimisers and learning-rate schedules by the names of the options."""

import bisect
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, ReduceLROnPlateau

from training.madgrad import Madgrad
from training.nero import Nero
from training.options.base import OPTIMISERS, POLICIES

FUSED = ("adam", "adamw", "sgd", "adagrad")
"""Optimisers that torch has as one kernel, for the CPU too."""
PLATEAU_POLICIES = ("plateau", "reduceOnPlateau")


def make_optimiser(
    name: str,
    parameters: Iterable[nn.Parameter],
    *,
    learning_rate: float,
    weight_decay: float = 0.0,
    momentum: float = 0.0,
    fused: bool = False,
) -> torch.optim.Optimizer:
    """The optimiser of this name, ``fused`` into one kernel if torch has it so; ValueError naming the known ones."""
    common: dict[str, Any] = {"lr": learning_rate, "weight_decay": weight_decay}
    if fused and name in FUSED:
        common["fused"] = True
    match name:
        case "adam":
            return torch.optim.Adam(parameters, **common)
        case "adamw":
            return torch.optim.AdamW(parameters, **common)
        case "sgd":
            return torch.optim.SGD(parameters, momentum=momentum, **common)
        case "adagrad":
            return torch.optim.Adagrad(parameters, **common)
        case "nero":
            return Nero(parameters, **common)
        case "madgrad":
            return Madgrad(parameters, momentum=momentum, **common)
        case "adadelta":
            return torch.optim.Adadelta(parameters, **common)
        case "rmsprop":
            return torch.optim.RMSprop(parameters, momentum=momentum, **common)
    raise ValueError(f"there is no --optimizer {name} here; there are: {', '.join(OPTIMISERS)}")


def is_fused(name: str, precision: object) -> bool:
    """Whether training uses one kernel for the optimiser: where there is one, but not where gradients are scaled."""
    return name in FUSED and precision != "16-mixed"


def learning_rate_factor(
    policy: str,
    *,
    epochs: float,
    warmup_epochs: float = 0.0,
    nepoch_decay: float = 0.0,
    lr_decay_iters: float = 1.0,
    lr_decay_factor: float = 0.1,
    lr_decay_milestones: Sequence[float] = (),
) -> Callable[[float], float]:
    """What the learning rate is multiplied with, as a function of the epochs done (fractions count).

    lambda: 1, then down to 0 in a straight line over the last ``nepoch_decay`` epochs. exponential:
    ``lr_decay_factor`` per epoch. step: times ``lr_decay_factor`` each ``lr_decay_iters`` epochs. multistep: the same
    at ``lr_decay_milestones``. cosine: half a cosine from 1 to 0 over all epochs. cyclic: a triangle between
    ``lr_decay_factor`` and 1 with half a period of ``lr_decay_iters`` epochs (Smith, arXiv 1506.01186).
    LinearWarmupCosineAnnealing: a line from 0 to 1 over ``warmup_epochs``, then a cosine to 0.
    """

    def cosine(done: float, total: float) -> float:
        return 0.5 * (1 + math.cos(math.pi * min(1.0, done / total))) if total > 0 else 0.0

    def warmup_cosine(done: float) -> float:
        return done / warmup_epochs if done < warmup_epochs else cosine(done - warmup_epochs, epochs - warmup_epochs)

    def line(done: float) -> float:
        return min(1.0, max(0.0, (epochs - done) / nepoch_decay)) if nepoch_decay > 0 else 1.0

    def triangle(done: float) -> float:
        phase = abs(done / lr_decay_iters % 2 - 1)
        return 1 - (1 - lr_decay_factor) * phase

    milestones = sorted(lr_decay_milestones)
    factors: dict[str, Callable[[float], float]] = {
        "lambda": line,
        "exponential": lambda done: lr_decay_factor**done,
        "step": lambda done: lr_decay_factor ** (done // lr_decay_iters),
        "multistep": lambda done: lr_decay_factor ** bisect.bisect_right(milestones, done),
        "cosine": lambda done: cosine(done, epochs),
        "cyclic": triangle,
        "LinearWarmupCosineAnnealing": warmup_cosine,
    }
    if policy not in factors:
        raise ValueError(f"there is no --lr_policy {policy}; there are: {', '.join(POLICIES)}")
    return factors[policy]


def make_schedule(
    optimiser: torch.optim.Optimizer, factor: Callable[[float], float], steps_per_epoch: float
) -> LRScheduler:
    """A schedule that is advanced after each step and follows ``factor`` of the epochs done."""
    return LambdaLR(optimiser, lambda step: factor(step / steps_per_epoch))


def make_plateau_schedule(optimiser: torch.optim.Optimizer, factor: float, patience: int) -> ReduceLROnPlateau:
    """A schedule that multiplies the rate by ``factor`` when the loss has not fallen for ``patience`` epochs."""
    return ReduceLROnPlateau(optimiser, mode="min", factor=factor, patience=patience)


def patience(epochs: float) -> int:
    """The whole number of epochs, 1 at the least, that a schedule waits for a plateau to end."""
    return max(1, int(epochs))
