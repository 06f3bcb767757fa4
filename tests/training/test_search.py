"""A search varies what it is asked to, ends poor runs early, and goes on where it was stopped."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.training.corpus import write_experiment
from training import search
from training.callbacks.pruning import Pruned, Pruning
from training.options import parse
from training.run import Run
from training.search import main
from training.search_space import Choice, Range, read_space


def test_values_and_ranges_are_read() -> None:
    assert read_space(["--learning-rate=1e-5:1e-2:log", "nlayers=1:4", "optimizer=adam,sgd"]) == [
        Range("learning_rate", 1e-5, 1e-2, True),
        Range("nlayers", 1, 4, False),
        Choice("optimizer", ("adam", "sgd")),
    ]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["dhid"], "NAME=LOW:HIGH"),
        (["lr=1:0.5"], "the range is empty"),
        (["lr=0:1:log"], "reaches to zero"),
        (["lr=a:b"], "'a' is not a number"),
        (["lr=1:2", "lr=3,4"], "lr is given twice"),
    ],
)
def test_mistakes_are_named(texts: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_space(texts)


def test_a_run_is_ended_when_it_is_told_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from training.beginning import StartingPoint
    from training.fit import fit

    told: list[tuple[float, int]] = []
    pruning = Pruning(lambda loss, epoch: told.append((loss, epoch)), lambda: len(told) == 2)
    opt = parse([str(write_experiment(tmp_path)), "--dhid", "8"])
    run = Run(tmp_path / "runs" / "toy")
    with run.lock(), pytest.raises(Pruned, match="ended after epoch 2 with a loss of"):
        fit(run, opt, StartingPoint(), [pruning])
    assert [epoch for _, epoch in told] == [0, 1]
    assert run.record()["epochs"] == 1


def test_an_unknown_option_is_a_mistake_before_anything_is_trained(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no option --dhidd"):
        main([str(write_experiment(tmp_path)), "--vary", "dhidd=8,16"])


@pytest.mark.parametrize("given", ["--devices=2", "--gpus=4", "--gpus=-1", "--devices=0,1", "--num_nodes=2"])
def test_a_search_on_several_devices_is_refused(tmp_path: Path, given: str) -> None:
    with pytest.raises(ValueError, match="a search trains each run on one device; leave --gpus"):
        main([str(write_experiment(tmp_path)), "--vary", "dhid=8,16", given])


@pytest.mark.parametrize(("given", "added"), [("", ["--devices=1"]), ("--devices=1", []), ("--gpus=0", [])])
def test_a_search_takes_one_device_unless_it_is_given_one(tmp_path: Path, given: str, added: list[str]) -> None:
    opt = parse([str(write_experiment(tmp_path)), *given.split()])
    assert search.one_device(opt) == added


@pytest.mark.slow
def test_a_search_finds_the_better_rate_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("optuna")
    given = [str(write_experiment(tmp_path, dhid=8)), "--vary", "learning_rate=1e-8,3e-3", "--trials"]
    assert main([*given, "2"]) == 0
    assert main([*given, "4"]) == 0
    lines = capsys.readouterr().out.splitlines()
    trials = [line for line in lines if "trial_" in line][-4:]
    assert "learning_rate 3e-3" in trials[0]
    folder = tmp_path / "runs" / "toy_search"
    assert len(list(folder.glob("trial_*/run.json"))) == 4
    shown = [hparams_tag(run) for run in folder.glob("trial_*")]
    assert all(tag in ({"learning_rate": "3e-3"}, {"learning_rate": "1e-8"}) for tag in shown)


@pytest.mark.slow
def test_a_trial_that_does_worse_than_the_others_is_ended_early(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("optuna")
    given = [str(write_experiment(tmp_path, dhid=8)), "--vary", "learning_rate=1e-8,3e-3"]
    folder = tmp_path / "runs" / "toy_search"
    study = search.open_study(folder, 0)
    for rate in ["3e-3"] * 4 + ["1e-8"]:
        study.enqueue_trial({"learning_rate": rate})
    assert main([*given, "--trials", "5"]) == 0
    assert [trial.state.name for trial in study.trials] == ["COMPLETE"] * 4 + ["PRUNED"]
    assert [Run(folder / f"trial_00{number}").record()["epochs"] for number in (3, 4)] == [4, 1]
    assert hparams_tag(folder / "trial_004") == {"learning_rate": "1e-8"}
    *_, last, _ = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r" +ended early  learning_rate 1e-8  .*trial_004", last)


@pytest.mark.slow
def test_a_run_without_a_best_loss_is_noted_and_counts_as_ended_early(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("optuna")
    given = [str(write_experiment(tmp_path, dhid=8, max_epochs=1)), "--save_top_k", "0", "--vary", "dhid=8,16"]
    assert main([*given, "--trials", "1"]) == 0
    assert "trial_000 has no best loss" in caplog.text


def test_trials_that_were_interrupted_or_failed_are_not_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("optuna")
    fates: list[BaseException | float] = [1.0, KeyboardInterrupt(), 2.0, OSError("the disk is full"), 3.0, 4.0]
    seen = []

    def train(trial: Any, *others: object) -> float:
        name = trial.user_attrs.get("run", f"trial {trial.number}")
        trial.set_user_attr("run", name)
        seen.append((name, trial.suggest_float("learning_rate", 0.1, 1)))
        fate = fates[len(seen) - 1]
        if isinstance(fate, float):
            return fate
        raise fate

    monkeypatch.setattr(search, "_train", train)
    given = [str(write_experiment(tmp_path)), "--vary", "learning_rate=0.1:1.0", "--trials", "4"]
    with pytest.raises(KeyboardInterrupt):
        main(given)
    with pytest.raises(OSError, match="full"):
        main(given)
    assert main(given) == 0
    assert seen[1] == seen[2]
    assert [name for name, _ in seen] == ["trial 0", "trial 1", "trial 1", "trial 3", "trial 4", "trial 5"]


def test_a_search_that_goes_on_draws_new_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("optuna")
    seen: list[float] = []

    def train(trial: Any, *others: object) -> float:
        trial.set_user_attr("run", f"trial {trial.number}")
        seen.append(trial.suggest_float("learning_rate", 0.1, 1))
        return 1.0

    monkeypatch.setattr(search, "_train", train)
    given = [str(write_experiment(tmp_path)), "--vary", "learning_rate=0.1:1.0", "--trials"]
    for trials in ("2", "4", "6"):
        assert main([*given, trials]) == 0
    assert len(set(seen)) == 6


def test_a_second_search_beside_a_running_one_is_refused_and_leaves_its_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("optuna")
    given = [str(write_experiment(tmp_path)), "--vary", "learning_rate=0.1:1.0", "--trials", "1"]

    def train(trial: Any, *others: object) -> float:
        trial.set_user_attr("run", "trial")
        with pytest.raises(ValueError, match="the search toy_search goes on in another process; wait"):
            main(given)
        assert [each.state.name for each in trial.study.trials] == ["RUNNING"]
        return 1.0

    monkeypatch.setattr(search, "_train", train)
    assert main(given) == 0


def hparams_tag(folder: Path) -> dict[str, str]:
    """The options that TensorBoard's HParams tab shows for a run."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    tags = EventAccumulator(str(folder)).Reload().PluginTagToContent("hparams")
    shown = HParamsPluginData.FromString(tags["_hparams_/session_start_info"]).session_start_info.hparams
    return {name: value.string_value for name, value in shown.items()}
