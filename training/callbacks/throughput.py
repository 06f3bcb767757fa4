"""Windows per second, as a curve and in the progress bar."""

import time
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer


class Throughput(Callback):
    """Logs ``windows_per_s``: the windows trained on since the last logging step or epoch, by the wall clock.

    Validation and sampling do not count.
    """

    def __init__(self) -> None:
        self._windows = 0
        self._since = 0.0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock."""
        self._restart()

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock again."""
        self._restart()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Count the batch."""
        self._windows += len(next(iter(batch.values()))) * trainer.world_size
        every: int = trainer.log_every_n_steps  # type: ignore[attr-defined]
        if (every and (batch_idx + 1) % every == 0) or trainer.is_last_batch:
            rate = self._windows / (time.perf_counter() - self._since)
            pl_module.log("windows_per_s", rate, prog_bar=True)
            self._restart()

    def _restart(self) -> None:
        self._windows = 0
        self._since = time.perf_counter()
