"""Signals that end a run: what it has done is saved first, so that it goes on from there."""

import logging
import os
import signal
import subprocess
import threading
from types import FrameType
from typing import Any

import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Checkpoint
from torch import distributed

from training.callbacks.checkpoints import Checkpoints, is_resumable
from training.callbacks.record import Record

SIGNALS = (signal.SIGTERM, signal.SIGUSR1)
"""What clusters send before they kill: SLURM the first, and the second where a script asks for it (``--signal``)."""

log = logging.getLogger(__name__)


class Stopped(SystemExit):
    """The run has been ended by a signal, and saved; the exit code is that of a process that the signal ends."""

    def __init__(self, number: int, step: int):
        super().__init__(128 + number)
        self.signal = signal.Signals(number)
        self.step = step


class Stopping(Checkpoint):
    """After SIGTERM or SIGUSR1 to any process saves the run when its step is done, and raises `Stopped` in all.

    Where gradients are summed over several batches, the last of them ends the step; a validation or a clip that is
    being made is ended first. After SIGUSR1 SLURM is asked to queue the job again. It comes after the callbacks that
    it calls.
    """

    def __init__(self, checkpoints: Checkpoints, record: Record):
        self._checkpoints = checkpoints
        self._record = record
        self._received = 0

    def on_sanity_check_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Listen."""
        self._listen()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Listen, in the place of Lightning, which waits for no step and puts SLURM's checkpoint beside the run."""
        self._listen()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save and stop, if that is wanted and the run can go on from here."""
        number = self._agreed(trainer, pl_module.device)
        if number and is_resumable(trainer):
            self._save_and_stop(trainer, number)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save and stop after a validation within an epoch."""
        if trainer.sanity_checking:
            return
        number = self._agreed(trainer, pl_module.device)
        if number and is_resumable(trainer, validated=True):
            self._save_and_stop(trainer, number)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stop, if that is wanted: the epoch has been saved."""
        number = self._agreed(trainer, pl_module.device)
        if number:
            self._stop(trainer, number)

    def _listen(self) -> None:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                signal.signal(number, self._receive)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self._received = max(self._received, number)

    def _agreed(self, trainer: Trainer, device: torch.device) -> int:
        """The signal that any of the processes has received, or 0."""
        if trainer.world_size == 1:
            return self._received
        received = torch.tensor(self._received, device=device)
        distributed.all_reduce(received, op=distributed.ReduceOp.MAX)
        return int(received)

    def _save_and_stop(self, trainer: Trainer, number: int) -> None:
        self._checkpoints.save(trainer)
        self._record.note(trainer)
        self._stop(trainer, number)

    def _stop(self, trainer: Trainer, number: int) -> None:
        if trainer.is_global_zero and number == signal.SIGUSR1:
            _queue_again()
        trainer.strategy.barrier()  # where the end of one process ends the others, the first is to have asked before
        raise Stopped(number, trainer.global_step)


def _queue_again() -> None:
    """Ask SLURM to run the job again, if this is one of its jobs."""
    job = os.environ.get("SLURM_JOB_ID")
    if job is None:
        return
    try:
        subprocess.run(["scontrol", "requeue", job], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        log.warning("the job could not be queued again (%s); do it by hand: scontrol requeue %s", error, job)


def leave_signals_to_training(worker: int) -> None:
    """What a loader's worker process begins with: where a whole job gets a signal, the training process decides."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
