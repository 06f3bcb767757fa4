"""A compiled model is the same model."""

import re
from contextlib import nullcontext
from pathlib import Path

import pytest

from models import compiler
from models.compiler import require_compiler
from tests.training.corpus import write_experiment
from training.run import Run
from training.train import main


@pytest.mark.parametrize(
    ("chosen", "there", "missing"),
    [
        (None, ["g++"], ""),
        ("clang++", ["clang++"], ""),
        (None, ["clang++"], "no g++; install it, let CXX name another"),
        ("icpx", ["g++"], "no CXX=icpx"),
    ],
)
def test_the_compiler_is_the_one_that_torch_calls(
    chosen: str | None, there: list[str], missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in there:
        (tmp_path / name).touch(0o755)
    monkeypatch.setattr(compiler, "USUAL", "g++")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    if chosen:
        monkeypatch.setenv("CXX", chosen)
    with pytest.raises(ValueError, match=re.escape(missing)) if missing else nullcontext():
        require_compiler()


@pytest.mark.slow
def test_a_compiled_run_has_the_losses_of_one_that_is_not(tmp_path: Path) -> None:
    experiment = write_experiment(tmp_path, max_epochs=1, dhid=8, dropout=0)
    losses = []
    for options in ([], ["--compile"]):
        name = f"run{len(losses)}"
        assert main([str(experiment), "--experiment_name", name, *options]) == 0
        losses.append(Run(tmp_path / "runs" / name).record()["losses"]["val_loss"])
    assert losses[1] == pytest.approx(losses[0], rel=1e-3)
