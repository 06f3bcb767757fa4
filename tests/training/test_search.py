"""A search varies what it is asked to, ends poor runs early, and goes on where it was stopped."""

from pathlib import Path

import pytest

from tests.training.corpus import write_experiment
from training.callbacks.pruning import Pruned, Pruning
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
    from training.options import parse
    from training.run import Run

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
    assert all(len(list(run.glob("events.*"))) >= 2 for run in folder.glob("trial_*"))
