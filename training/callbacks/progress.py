"""One progress bar for the whole training."""

import sys
from typing import Any

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import ProgressBar
from tqdm import tqdm

SHOWN = ("train_loss", "val_loss", "windows_per_s")


class Progress(ProgressBar):
    """Epochs, losses, speed and the time left, on one line; without a terminal, a line now and then."""

    def __init__(self) -> None:
        super().__init__()
        self._bar: tqdm | None = None
        self._enabled = True

    def disable(self) -> None:
        """Show nothing; Lightning calls this on all processes but the first."""
        self._enabled = False

    def enable(self) -> None:
        """Show the bar."""
        self._enabled = True

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Open the bar where the run stands."""
        total = trainer.estimated_stepping_batches
        self._bar = tqdm(
            total=int(total) if total != float("inf") else None,
            initial=trainer.global_step,
            desc="training",
            unit="step",
            dynamic_ncols=True,
            mininterval=0.2 if sys.stderr.isatty() else 10.0,
            disable=not self._enabled,
        )

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Advance by the optimiser's steps."""
        assert self._bar is not None, "training has begun"
        self._bar.set_postfix(self._figures(trainer), refresh=False)
        self._bar.update(trainer.global_step - self._bar.n)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Show the losses of the epoch."""
        assert self._bar is not None, "training has begun"
        self._bar.set_postfix(self._figures(trainer))

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Close the bar."""
        self._close()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Close the bar, so that the message begins on a line of its own."""
        self._close()

    def _figures(self, trainer: Trainer) -> dict[str, str]:
        epoch = f"{trainer.current_epoch + 1}/{trainer.max_epochs}"
        values = {name: trainer.callback_metrics[name] for name in SHOWN if name in trainer.callback_metrics}
        return {"epoch": epoch} | {name: f"{float(value):.4g}" for name, value in values.items()}

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
