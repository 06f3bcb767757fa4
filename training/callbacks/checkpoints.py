"""Checkpoints: the best by a loss, the last, and the last within an epoch, each written in one step."""

import time
from pathlib import Path
from typing import Any

import torch
from lightning_fabric.plugins import TorchCheckpointIO
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Checkpoint

from feature_extraction import store
from models import read_as_checkpoint
from training.run import LAST

DEAREST = 0.05
"""The share of the time that may go into checkpoints within epochs."""
AGREED_EVERY = 16
"""Batches after which several processes ask each other whether it is time for a checkpoint."""


class AtomicCheckpointIO(TorchCheckpointIO):
    """Writes beside the target, then renames: a run killed while saving keeps its previous checkpoint."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Write the checkpoint to ``path``; OSError where there is no room for it."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with store.atomic_path(path) as temporary, temporary.open("wb") as file:
                torch.save(checkpoint, file)
        except (OSError, RuntimeError) as error:  # torch tells of a full disk by a RuntimeError
            reason = str(error).partition("\n")[0]
            kept = "the one before it is as it was" if path.is_file() else "there is none yet"
            raise OSError(
                f"the checkpoint {path} could not be written ({reason}); {kept}; make room on the disk, then go on "
                "with --continue_train"
            ) from error

    def load_checkpoint(self, path: str | Path, *arguments: Any, **keywords: Any) -> dict[str, Any]:
        """Read a checkpoint, without running anything in it; ValueError if it is damaged or something else."""
        with read_as_checkpoint(path):
            return super().load_checkpoint(path, *arguments, **keywords | {"weights_only": True})


class Checkpoints(Checkpoint):
    """Saves ``last.ckpt`` after every epoch and now and then within, and the epochs of the lowest ``epoch_loss``.

    Args:
        folder: where they are written.
        keep: how many of the best epochs stay, as ``best-*.ckpt``.
        every_minutes: time between two checkpoints within an epoch; 0: none. It is longer where saving would take
            more than a twentieth of the time.
        every_n_steps: steps between them; 0: by time only.
    """

    def __init__(self, folder: Path, keep: int = 1, every_minutes: float = 0.0, every_n_steps: int = 0):
        self.folder = Path(folder)
        self.keep = keep
        self.every_s = 60 * every_minutes
        self.every_n_steps = every_n_steps
        self.scores: dict[str, float] = {}
        """File name -> the epoch's loss, of the best."""
        self.saved_step = -1
        """The step after which the last checkpoint was saved."""
        self._saved_at = time.monotonic()
        self._took_s = 0.0

    @property
    def best(self) -> Path | None:
        """The checkpoint with the lowest loss so far."""
        return self.folder / min(self.scores, key=self.scores.__getitem__) if self.scores else None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock, and clear away what a killed run has left."""
        self._saved_at = time.monotonic()
        if trainer.is_global_zero and self.folder.is_dir():
            store.remove_leftovers(self.folder)
            for path in self.folder.glob("best-*.ckpt"):
                if path.name not in self.scores:
                    path.unlink()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save within the epoch, if it is time and the run can go on from here."""
        if is_resumable(trainer) and self._is_time(trainer, batch_idx):
            self.save(trainer)

    def save(self, trainer: Trainer) -> None:
        """Save within an epoch, after a step from which the run can go on, unless that has just been done."""
        if self.saved_step != trainer.global_step:
            _log_early(trainer)
            self._save_last(trainer)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save what the epoch has given."""
        if trainer.fast_dev_run:  # type: ignore[attr-defined]
            return
        loss: float | None = pl_module.epoch_loss  # type: ignore[assignment]
        score = float("inf") if loss is None else loss
        if trainer.world_size > 1:
            score = trainer.strategy.broadcast(score)  # a training loss is a process's own
        worst = max(self.scores, key=self.scores.__getitem__, default="")
        dropped = ""
        if self.keep > 0 and score < float("inf") and (len(self.scores) < self.keep or score < self.scores[worst]):
            name = f"best-epoch{trainer.current_epoch:04d}.ckpt"
            dropped = worst if len(self.scores) >= self.keep else ""
            self.scores = {key: kept for key, kept in self.scores.items() if key != dropped} | {name: score}
            trainer.save_checkpoint(self.folder / name)
        self._save_last(trainer)
        if dropped:
            trainer.strategy.remove_checkpoint(self.folder / dropped)

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run must know."""
        return {"scores": dict(self.scores)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the scores of the run that is resumed, as far as its files are still there."""
        self.scores = {name: score for name, score in state_dict["scores"].items() if (self.folder / name).is_file()}

    def _save_last(self, trainer: Trainer) -> None:
        start = time.monotonic()
        trainer.save_checkpoint(self.folder / LAST)
        self.saved_step = trainer.global_step
        self._saved_at = time.monotonic()
        self._took_s = self._saved_at - start

    def _is_time(self, trainer: Trainer, batch_idx: int) -> bool:
        if self.every_n_steps and trainer.global_step - max(self.saved_step, 0) >= self.every_n_steps:
            return True
        if not self.every_s or (trainer.world_size > 1 and batch_idx % AGREED_EVERY):
            return False
        passed = time.monotonic() - self._saved_at >= max(self.every_s, self._took_s / DEAREST)
        return trainer.strategy.reduce_boolean_decision(passed, all=False) if trainer.world_size > 1 else passed


def is_resumable(trainer: Trainer, *, validated: bool = False) -> bool:
    """Whether nothing is half done: no gradient is being summed up, no end of an epoch is due.

    Nor is a validation, unless it is ``validated``.
    """
    loop = trainer.fit_loop.epoch_loop
    return not (
        trainer.fast_dev_run  # type: ignore[attr-defined]
        or trainer.is_last_batch
        or (loop.batch_idx + 1) % trainer.accumulate_grad_batches
        or (not validated and loop._should_check_val_fx(trainer.fit_loop._data_fetcher))  # type: ignore[arg-type]
        or loop._is_training_done
    )


def _log_early(trainer: Trainer) -> None:
    """Log the step's losses, if they are to be logged, which Lightning does too late for a run that is killed now."""
    every: int = trainer.log_every_n_steps  # type: ignore[attr-defined]
    if every and trainer.global_step % every == 0:
        losses = {name: float(value) for name, value in trainer.logged_metrics.items() if name.startswith("train_")}
        for logger in trainer.loggers:
            logger.log_metrics(losses, step=trainer.global_step - 1)
            logger.save()
