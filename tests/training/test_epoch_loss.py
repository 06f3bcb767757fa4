"""An epoch is judged by its own validation, or without any by all of its batches, also when it was gone on with."""

from pathlib import Path

import pytest

from tests.training.corpus import write_experiment
from tests.training.test_train import _interrupt_after, curves
from training.beginning import StartingPoint
from training.callbacks.pruning import Pruning
from training.fit import fit
from training.options import parse
from training.run import Run
from training.train import main

NINE_BATCHES = 9


def best_loss(folder: Path) -> float:
    return float(Run(folder / "runs" / "toy").record()["best_loss"])


def test_without_validation_the_best_epoch_is_that_of_the_lowest_mean_over_its_batches(tmp_path: Path) -> None:
    experiment = write_experiment(tmp_path, max_epochs=3, dhid=8, log_every_n_steps=1, do_validation="false")
    assert main([str(experiment)]) == 0
    run = Run(tmp_path / "runs" / "toy")
    losses = [value for _, value in curves(run)["train_loss"]]
    means = [sum(losses[first : first + NINE_BATCHES]) / NINE_BATCHES for first in range(0, len(losses), NINE_BATCHES)]
    assert len(means) == 3
    assert best_loss(tmp_path) == pytest.approx(min(means), rel=1e-5)
    assert run.record()["losses"]["train_loss"] == pytest.approx(means[-1], rel=1e-5)


def test_the_mean_of_an_epoch_that_was_gone_on_with_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = write_experiment(tmp_path, max_epochs=1, dhid=8, save_every_n_steps=2, do_validation="false")
    assert main([str(experiment)]) == 0
    whole = best_loss(tmp_path)
    _interrupt_after(monkeypatch, steps=5)
    with pytest.raises(KeyboardInterrupt):
        main([str(experiment), "--overwrite"])
    monkeypatch.undo()
    assert main([str(experiment), "--continue_train"]) == 0
    assert best_loss(tmp_path) == whole


def test_an_epoch_that_was_not_validated_is_none_of_the_best_and_not_reported(tmp_path: Path) -> None:
    experiment = write_experiment(tmp_path, dhid=8, check_val_every_n_epoch=2, save_top_k=4)
    told: list[tuple[float, int]] = []
    opt, run = parse([str(experiment)]), Run(tmp_path / "runs" / "toy")
    with run.lock():
        fit(run, opt, StartingPoint(), [Pruning(lambda loss, epoch: told.append((loss, epoch)), lambda: False)])
    best = sorted(path.name for path in run.checkpoints.glob("best-*"))
    assert best == ["best-epoch0001.ckpt", "best-epoch0003.ckpt"]
    assert [epoch for _, epoch in told] == [1, 3]


def test_a_plateau_counts_the_epochs_that_were_validated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[float] = []
    monkeypatch.setattr("torch.optim.lr_scheduler.ReduceLROnPlateau.step", lambda schedule, loss: seen.append(loss))
    experiment = write_experiment(tmp_path, dhid=8, check_val_every_n_epoch=2, lr_policy="plateau")
    assert main([str(experiment)]) == 0
    assert len(seen) == 2
