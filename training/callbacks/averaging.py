"""An average of the weights over the steps, which is what is validated, kept and generated with."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Callback
from torch import Tensor

TRAINED_KEY = "trained_weights"


class WeightAverage(Callback):
    """Keeps an exponential moving average of all weights and statistics.

    After step t it moves towards the weights by 1 - min(decay, (1 + t) / (10 + t)), so that the first steps are soon
    forgotten. Checkpoints hold the average where others hold the weights, and the weights besides, to go on with.
    """

    def __init__(self, decay: float):
        self.decay = decay
        self._average: dict[str, Tensor] = {}
        self._steps = 0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin with the weights as they are, unless a run is resumed."""
        known = {name: value.to(pl_module.device) for name, value in self._average.items()}
        self._average = {name: known.get(name, value.clone()) for name, value in _floating(pl_module).items()}

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Follow the weights, after each step of the optimiser."""
        if trainer.global_step > self._steps:
            self._steps = trainer.global_step
            decay = min(self.decay, (1 + self._steps) / (10 + self._steps))
            weights = _floating(pl_module)
            torch._foreach_lerp_([self._average[name] for name in weights], list(weights.values()), 1 - decay)

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Validate the average."""
        self._swap(pl_module)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Train the weights."""
        self._swap(pl_module)

    @contextmanager
    def applied(self, pl_module: LightningModule) -> Iterator[None]:
        """Within, the model has the average for its weights."""
        self._swap(pl_module)
        try:
            yield
        finally:
            self._swap(pl_module)

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Exchange the weights for the average, and keep them."""
        checkpoint[TRAINED_KEY] = checkpoint["state_dict"]
        checkpoint["state_dict"] = checkpoint["state_dict"] | self._average

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Go on with the weights, and with the average, if the checkpoint has both."""
        if TRAINED_KEY in checkpoint:
            pl_module.load_state_dict(checkpoint[TRAINED_KEY])
            floating = _floating(pl_module)
            self._average = {
                name: value.clone() for name, value in checkpoint["state_dict"].items() if name in floating
            }
            self._steps = int(checkpoint["global_step"])

    @torch.no_grad()
    def _swap(self, pl_module: LightningModule) -> None:
        for name, weights in _floating(pl_module).items() if self._average else ():
            kept = weights.clone()
            weights.copy_(self._average[name])
            self._average[name].copy_(kept)


def averaged(trainer: Trainer, pl_module: LightningModule) -> AbstractContextManager[None]:
    """Within, the model has its averaged weights, if training averages them."""
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, WeightAverage):
            return callback.applied(pl_module)
    return nullcontext()


def _floating(pl_module: LightningModule) -> dict[str, Tensor]:
    return {name: value.detach() for name, value in pl_module.state_dict().items() if value.is_floating_point()}
