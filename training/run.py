"""One run: a folder with options, checkpoints, features and curves, and what state it is in."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feature_extraction import store

LAST = "last.ckpt"
RECORD = "run.json"


@dataclass(frozen=True)
class Run:
    """The folder of a run, usually ``training/experiments/<experiment>``."""

    folder: Path

    @property
    def name(self) -> str:
        """The name of the experiment."""
        return self.folder.name

    @property
    def hparams(self) -> Path:
        """The resolved options."""
        return self.folder / "hparams.yaml"

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints."""
        return self.folder / "checkpoints"

    @property
    def features(self) -> Path:
        """The folder of the features' descriptions and scalers."""
        return self.folder / "features"

    @property
    def last_checkpoint(self) -> Path | None:
        """Where the run can be continued from."""
        path = self.checkpoints / LAST
        return path if path.is_file() else None

    @property
    def best_checkpoint(self) -> Path | None:
        """The checkpoint with the lowest loss, or else the last one."""
        name = self.record().get("best_checkpoint")
        path = self.checkpoints / Path(str(name)).name
        return path if name and path.is_file() else self.last_checkpoint

    def record(self) -> dict[str, Any]:
        """What the run wrote about itself after its last epoch: ``epochs``, ``best_loss``, ``finished``, ..."""
        path = self.folder / RECORD
        return store.load_json(path) if path.is_file() else {}

    @property
    def is_finished(self) -> bool:
        """Whether the training came to its end."""
        return bool(self.record().get("finished"))

    def write_record(self, **entries: Any) -> None:
        """Add to the record, in one step."""
        store.save_json(self.folder / RECORD, self.record() | entries)

    def clear(self, *, keep_last: bool = False) -> None:
        """Delete what training has written here, the last checkpoint only if it is not kept; other files stay."""
        for path in (self.features, *([] if keep_last else [self.checkpoints])):
            shutil.rmtree(path, ignore_errors=True)
        best = self.checkpoints.glob("best-*.ckpt")
        for path in (*best, self.hparams, self.folder / RECORD, *self.folder.glob("events.out.tfevents.*")):
            path.unlink(missing_ok=True)

    @property
    def state(self) -> str:
        """``training``, ``finished``, ``stopped`` (can be continued) or ``empty``."""
        if self._is_locked():
            return "training"
        if self.is_finished:
            return "finished"
        return "stopped" if self.last_checkpoint else "empty"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep others from training into this folder. A process that dies, however it dies, gives the lock back.

        The processes that one training is shared among are all under the first one's lock.
        """
        if not is_first_process():
            yield
            return
        taken = f"the run {self.name} is being trained by another process; wait for it, or choose another name"
        with locked(self.folder, f"{taken} for this run"):
            yield

    def _is_locked(self) -> bool:
        import fcntl

        path = self.folder / ".lock"
        if not path.is_file():
            return False
        with path.open("r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False


@contextmanager
def locked(folder: Path, taken: str) -> Iterator[None]:
    """Keep others from writing into a folder; ValueError saying ``taken`` where another process does."""
    import fcntl

    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(taken) from None
        os.register_at_fork(after_in_child=file.close)  # a loader's worker outlives a killed training for a while
        yield


def is_first_process() -> bool:
    """Whether this is the only process of a training, or the first of several."""
    ranks = ("RANK", "SLURM_PROCID", "LOCAL_RANK")
    return all(os.environ.get(name, "0") == "0" for name in ranks)


def list_runs(experiments_dir: Path) -> list[Run]:
    """All runs in a folder, by name."""
    return [Run(path.parent) for path in sorted(experiments_dir.glob("*/hparams.yaml"))]
