"""The state of a run is read from its folder."""

from pathlib import Path

import pytest

from training.run import Run, list_runs
from training.runs import main


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = Run(tmp_path / "waltz")
    run.checkpoints.mkdir(parents=True)
    run.hparams.write_text("experiment: waltz\n")
    return run


def test_states_follow_from_what_is_there(run: Run) -> None:
    assert run.state == "empty"
    (run.checkpoints / "last.ckpt").touch()
    assert run.state == "stopped"
    run.write_record(epochs=3, finished=True)
    assert run.state == "finished"
    with run.lock():
        assert run.state == "training"
    assert run.state == "finished"


def test_two_processes_do_not_train_one_run(run: Run) -> None:
    with run.lock(), pytest.raises(ValueError, match="waltz is being trained by another process"), run.lock():
        pass


def test_the_record_is_added_to(run: Run) -> None:
    run.write_record(epochs=1, best_loss=0.5)
    run.write_record(epochs=2)
    assert run.record() == {"epochs": 2, "best_loss": 0.5}


def test_the_best_checkpoint_falls_back_to_the_last(run: Run) -> None:
    run.write_record(best_checkpoint="best-epoch0001.ckpt")
    assert run.best_checkpoint is None
    (run.checkpoints / "last.ckpt").touch()
    assert run.best_checkpoint == run.checkpoints / "last.ckpt"
    (run.checkpoints / "best-epoch0001.ckpt").touch()
    assert run.best_checkpoint == run.checkpoints / "best-epoch0001.ckpt"


def test_the_list_shows_each_run_once(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run.write_record(epochs=3, max_epochs=10, steps=77, best_loss=0.25, losses={"train_loss": 0.5})
    (run.checkpoints / "last.ckpt").touch()
    (tmp_path / "no_run").mkdir()
    assert list_runs(tmp_path) == [run]
    assert main(["--experiments_dir", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[1].split()[:8] == ["waltz", "stopped", "3", "of", "10", "77", "0.2500", "0.5000"]


def test_a_folder_without_runs_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--experiments_dir", str(tmp_path / "nothing")]) == 0
    assert "there are no runs" in capsys.readouterr().out
