"""A run goes on with today's options where they are numbers, and refuses those that its state is not of."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.corpus import write_experiment
from training import tuning
from training.run import Run
from training.train import main


def begun(folder: Path, **options: str | float) -> list[str]:
    """The arguments by which a run of one epoch goes on for another."""
    experiment = write_experiment(folder, dhid=8, log_every_n_steps=1, **options)
    assert main([str(experiment), "--max_epochs", "1"]) == 0
    return [str(experiment), "--max_epochs", "2", "--continue_train"]


def state(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The optimiser's only group, and the schedule, of the last checkpoint."""
    content = torch.load(folder / "runs" / "toy" / "checkpoints" / "last.ckpt", weights_only=True)
    return content["optimizer_states"][0]["param_groups"][0], content["lr_schedulers"][0]


def test_a_run_that_goes_on_has_the_rate_decay_and_momentum_it_is_given(tmp_path: Path) -> None:
    given = begun(tmp_path, lr_policy="lambda", optimizer="sgd")
    assert main([*given, "--learning_rate", "1e-5", "--weight_decay", "0.1", "--momentum", "0.5"]) == 0
    group, schedule = state(tmp_path)
    assert (group["lr"], group["weight_decay"], group["momentum"]) == (1e-5, 0.1, 0.5)
    assert schedule["base_lrs"] == [1e-5]


def test_an_experiment_that_is_edited_and_run_again_counts(tmp_path: Path) -> None:
    experiment = Path(begun(tmp_path, lr_policy="exponential", lr_decay_factor=0.5)[0])
    text = experiment.read_text().replace("learning_rate: 3e-3", "learning_rate: 1e-3").replace("max_epochs: 4", "")
    experiment.write_text(f"{text}max_epochs: 2\ncontinue_train: true\n")
    assert main([str(experiment)]) == 0
    assert state(tmp_path)[0]["lr"] == pytest.approx(1e-3 * 0.5**2)


def test_a_plateau_waits_and_falls_as_it_is_told_now_and_keeps_the_rate_it_came_to(tmp_path: Path) -> None:
    given = begun(tmp_path, lr_policy="plateau", lr_decay_iters=7)
    last = Run(tmp_path / "runs" / "toy").last_checkpoint
    assert last is not None
    content = torch.load(last, weights_only=True)
    content["optimizer_states"][0]["param_groups"][0]["lr"] = 3e-4
    torch.save(content, last)
    assert main([*given, "--lr_decay_factor", "0.3", "--lr_decay_iters", "2"]) == 0
    group, schedule = state(tmp_path)
    assert (group["lr"], schedule["factor"], schedule["patience"]) == (3e-4, 0.3, 2)
    assert main([*given[:1], "--max_epochs", "3", "--continue_train", "--learning_rate", "1e-4"]) == 0
    assert state(tmp_path)[0]["lr"] == 1e-4


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ("--optimizer sgd", "--optimizer rmsprop and cannot go on with sgd"),
        ("--lr_policy plateau", "--lr_policy cosine and cannot go on with plateau"),
        ("--momentum 0.9", "--momentum 0.0 and cannot go on with 0.9"),
    ],
)
def test_another_optimiser_or_kind_of_schedule_is_refused_and_the_run_stays(
    changed: str, message: str, tmp_path: Path
) -> None:
    given = begun(tmp_path, optimizer="rmsprop", learning_rate=1e-4)
    kept = (tmp_path / "runs" / "toy" / "hparams.yaml").read_text()
    with pytest.raises(ValueError, match=f"was trained with {message}; leave that as it was, or .*--weights_from"):
        main([*given, *changed.split()])
    assert (tmp_path / "runs" / "toy" / "hparams.yaml").read_text() == kept
    assert main(given) == 0


def test_a_run_that_goes_on_is_not_tuned_again_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tuning, "find_batch_size", lambda *arguments: 8)
    monkeypatch.setattr(tuning, "find_learning_rate", lambda *arguments: 2e-3)
    caplog.set_level("INFO")
    given = begun(tmp_path, do_tuning="true", lr_policy="lambda")
    assert main([*given, "--no-load_hparams"]) == 0
    assert "--do_tuning is left out: the run has begun, and goes on with its --batch_size 8 --learning_rate 0.002" in (
        caplog.text
    )
    assert state(tmp_path)[0]["lr"] == 2e-3
