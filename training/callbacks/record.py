"""Writes how far the run is into its folder, which `python -m training.runs` lists."""

import math
from typing import Any

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Checkpoint

from training.callbacks.checkpoints import Checkpoints
from training.run import Run


class Record(Checkpoint):
    """After each epoch: epochs done, losses, best checkpoint; within one, the step of the last checkpoint.

    It comes after the checkpoints that it names.
    """

    def __init__(self, run: Run, checkpoints: Checkpoints):
        self.run = run
        self.checkpoints = checkpoints
        self._noted = -1

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Note a checkpoint within the epoch."""
        self.note(trainer)

    def note(self, trainer: Trainer) -> None:
        """Write where the run stands, if a checkpoint has just been saved."""
        if trainer.is_global_zero and self.checkpoints.saved_step == trainer.global_step != self._noted:
            self._noted = trainer.global_step
            self.run.write_record(
                epochs=trainer.current_epoch,
                max_epochs=trainer.max_epochs,
                steps=trainer.global_step,
                finished=False,
            )

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write the record."""
        if not trainer.is_global_zero or trainer.fast_dev_run:  # type: ignore[attr-defined]
            return
        last = {name: value for name, value in trainer.callback_metrics.items() if name.endswith("_loss")}
        means: dict[str, Any] = {**last, "train_loss": pl_module.mean_train_loss}
        losses = {name: float(value) for name, value in means.items() if value is not None and math.isfinite(value)}
        best = self.checkpoints.best
        self.run.write_record(
            epochs=trainer.current_epoch + 1,
            max_epochs=trainer.max_epochs,
            steps=trainer.global_step,
            losses=losses,
            best_loss=min(self.checkpoints.scores.values(), default=None),
            best_checkpoint=best.name if best else None,
            skipped_batches=pl_module.skipped_batches,
            finished=False,
        )
