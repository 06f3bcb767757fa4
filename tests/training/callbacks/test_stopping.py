"""A signal ends a run after the step that it is in, with a checkpoint; SLURM is asked to go on later."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.training.corpus import write_experiment
from training.module import TrainingModule
from training.run import Run
from training.train import main


def signalled(monkeypatch: pytest.MonkeyPatch, number: signal.Signals, step: int) -> None:
    """From here on the process gets a signal in a training step."""
    original = TrainingModule.training_step

    def training_step(self: TrainingModule, batch: Any, batch_idx: int) -> Any:
        if self.global_step == step:
            os.kill(os.getpid(), number)
        return original(self, batch, batch_idx)

    monkeypatch.setattr(TrainingModule, "training_step", training_step)


def test_sigterm_saves_and_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    experiment = write_experiment(tmp_path, max_epochs=1)
    before = signal.getsignal(signal.SIGTERM)
    signalled(monkeypatch, signal.SIGTERM, step=4)
    with pytest.raises(SystemExit) as end:
        main([str(experiment)])
    monkeypatch.undo()
    assert end.value.code == 143
    assert "saved after step 5 and stopped by SIGTERM; the same command with --continue_train goes on" in caplog.text
    assert signal.getsignal(signal.SIGTERM) == before
    run = Run(tmp_path / "runs" / "toy")
    assert (run.state, run.record()["steps"]) == ("stopped", 5)
    assert main([str(experiment), "--continue_train"]) == 0
    assert run.state == "finished"


def test_slurms_signal_queues_the_job_again_after_it_is_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(tmp_path / "runs" / "toy")
    tool = tmp_path / "bin" / "scontrol"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\nls "{run.checkpoints}" >"{tmp_path}/found"\necho "$@" >>"{tmp_path}/asked"\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("SLURM_JOB_ID", "4711")
    signalled(monkeypatch, signal.SIGUSR1, step=2)
    with pytest.raises(SystemExit) as end:
        main([str(write_experiment(tmp_path, max_epochs=1))])
    assert end.value.code == 138
    assert (tmp_path / "asked").read_text() == "requeue 4711\n"
    assert (tmp_path / "found").read_text() == "last.ckpt\n"


def test_a_job_that_cannot_be_queued_again_is_saved_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("SLURM_JOB_ID", "4711")
    signalled(monkeypatch, signal.SIGUSR1, step=2)
    with pytest.raises(SystemExit):
        main([str(write_experiment(tmp_path, max_epochs=1))])
    assert "do it by hand: scontrol requeue 4711" in caplog.text
    assert Run(tmp_path / "runs" / "toy").record()["steps"] == 3
