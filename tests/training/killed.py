"""Training in a process of its own that is killed or told to end, and the losses of its steps."""

import os
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch

import training.fit  # noqa: F401 - so that no child has to import it
from training.callbacks import checkpoints
from training.module import TrainingModule
from training.train import main

CHILDREN = get_context("forkserver")
"""A process that has imported what trains and runs no threads, which a fork of this one might wait for for ever."""
CHILDREN.set_forkserver_preload([__name__])


class Trial:
    """Trains with some arguments, again and again, and keeps the loss of each step as it was last calculated."""

    def __init__(self, arguments: list[str], log: Path):
        self.arguments = arguments
        self.log = log

    def steps(self) -> list[str]:
        """Epoch and batch of all that was calculated, in its order; what was lost comes again."""
        return [line.rsplit(" ", 1)[0] for line in self.log.read_text().splitlines()]

    def losses(self) -> dict[str, str]:
        """Epoch and batch -> loss, to the last digit."""
        return dict(line.rsplit(" ", 1) for line in self.log.read_text().splitlines())

    def run(
        self, *, at_step: int = -1, at_save: int = -1, after_s: float = -1, by: signal.Signals = signal.SIGKILL
    ) -> bool:
        """Train in a child; whether it came to its end before the moment at which it gets the signal.

        ``at_step`` counts training steps, ``at_save`` checkpoints, half of which is written then, of this call;
        ``after_s`` is the time after its first step.
        """
        written = self._written()
        child = CHILDREN.Process(target=self._train, args=(at_step, at_save, by))
        child.start()
        if after_s >= 0:
            while self._written() == written and child.is_alive():
                time.sleep(0.001)
            time.sleep(after_s)
            os.kill(child.pid or 0, by)
        child.join()
        status = child.exitcode or 0
        assert status in (0, -by, 128 + by), f"training failed with {status}"
        return status == 0

    def _written(self) -> int:
        return self.log.stat().st_size if self.log.is_file() else 0

    def _train(self, at_step: int, at_save: int, by: signal.Signals) -> None:
        code = 1
        try:
            torch.set_num_threads(1)
            sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - until the process ends
            _watch_steps(self.log, at_step, by)
            _watch_saves(at_save)
            code = main(self.arguments)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        finally:
            os._exit(code)


def _watch_steps(log: Path, at_step: int, by: signal.Signals) -> None:
    original: Callable[..., Any] = TrainingModule.training_step
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    count = 0

    def step(self: TrainingModule, batch: Any, batch_idx: int) -> Any:
        nonlocal count
        if count == at_step:
            os.kill(os.getpid(), by)
        count += 1
        loss = original(self, batch, batch_idx)
        os.write(file, f"{self.current_epoch}/{batch_idx} {loss.item().hex()}\n".encode())
        return loss

    TrainingModule.training_step = step  # type: ignore[method-assign]


def _watch_saves(at_save: int) -> None:
    original = torch.save
    count = 0

    def save(content: Any, file: Any) -> None:
        nonlocal count
        original(content, file)
        if count == at_save:
            file.truncate(file.tell() // 2)
            os.kill(os.getpid(), signal.SIGKILL)
        count += 1

    checkpoints.torch.save = save  # type: ignore[attr-defined]
