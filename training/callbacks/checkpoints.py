"""Checkpoints: the best by a loss and the last, each written in one step."""

from pathlib import Path
from typing import Any

import torch
from lightning_fabric.plugins import TorchCheckpointIO
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Checkpoint

from feature_extraction import store
from training.run import LAST


class AtomicCheckpointIO(TorchCheckpointIO):
    """Writes beside the target, then renames: a run killed while saving keeps its previous checkpoint."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Write the checkpoint to ``path``."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        with store.atomic_path(path) as temporary:
            torch.save(checkpoint, temporary)


class Checkpoints(Checkpoint):
    """Saves ``last.ckpt`` after every epoch, and the ``keep`` epochs with the lowest ``monitor`` as ``best-*.ckpt``."""

    def __init__(self, folder: Path, monitor: str, keep: int = 1):
        self.folder = Path(folder)
        self.monitor = monitor
        self.keep = keep
        self.scores: dict[str, float] = {}
        """File name -> monitored loss, of the best."""

    @property
    def best(self) -> Path | None:
        """The checkpoint with the lowest loss so far."""
        return self.folder / min(self.scores, key=self.scores.__getitem__) if self.scores else None

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save what the epoch has given."""
        if trainer.fast_dev_run:  # type: ignore[attr-defined]
            return
        value = trainer.callback_metrics.get(self.monitor)
        score = float("inf") if value is None else float(value)
        worst = max(self.scores, key=self.scores.__getitem__, default="")
        if self.keep > 0 and score < float("inf") and (len(self.scores) < self.keep or score < self.scores[worst]):
            name = f"best-epoch{trainer.current_epoch:04d}.ckpt"
            dropped = worst if len(self.scores) >= self.keep else ""
            self.scores = {key: kept for key, kept in self.scores.items() if key != dropped} | {name: score}
            trainer.save_checkpoint(self.folder / name)
            if dropped:
                trainer.strategy.remove_checkpoint(self.folder / dropped)
        trainer.save_checkpoint(self.folder / LAST)

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run must know."""
        return {"scores": dict(self.scores)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the scores of the run that is resumed, as far as its files are still there."""
        self.scores = {name: score for name, score in state_dict["scores"].items() if (self.folder / name).is_file()}
