"""A compiled model is the same model."""

from pathlib import Path

import pytest

from tests.training.corpus import write_experiment
from training.run import Run
from training.train import main


@pytest.mark.slow
def test_a_compiled_run_has_the_losses_of_one_that_is_not(tmp_path: Path) -> None:
    experiment = write_experiment(tmp_path, max_epochs=1, dhid=8, dropout=0)
    losses = []
    for options in ([], ["--compile"]):
        name = f"run{len(losses)}"
        assert main([str(experiment), "--experiment_name", name, *options]) == 0
        losses.append(Run(tmp_path / "runs" / name).record()["losses"]["val_loss"])
    assert losses[1] == pytest.approx(losses[0], rel=1e-3)
