"""Ends a run of a search that does worse than the others."""

from collections.abc import Callable

from pytorch_lightning import Callback, LightningModule, Trainer


class Pruned(Exception):  # noqa: N818 - it is no error
    """The run has been ended early."""


class Pruning(Callback):
    """After each epoch that has one, tells its loss to ``report`` (loss, epoch) and asks ``should_end``."""

    def __init__(self, report: Callable[[float, int], None], should_end: Callable[[], bool]):
        self._report = report
        self._should_end = should_end

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Report; Pruned where that was the run's last epoch."""
        loss: float | None = pl_module.epoch_loss  # type: ignore[assignment]
        if loss is None:
            return
        self._report(loss, trainer.current_epoch)
        if self._should_end():
            raise Pruned(f"ended after epoch {trainer.current_epoch + 1} with a loss of {loss:.4g}")
