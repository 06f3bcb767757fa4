"""What follows the training is told before it where it cannot be, and never costs what was trained."""

from pathlib import Path

import pytest

from tests.training.corpus import write_experiment
from training.run import Run
from training.train import main


def test_an_empty_test_list_is_told_before_the_training_which_comes_to_its_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    experiment = write_experiment(tmp_path, max_epochs=1, dhid=8, generate_at_end="test", do_testing="true")
    (tmp_path / "data" / "base_filenames_test.txt").write_text("")
    assert main([str(experiment)]) == 0
    run = Run(tmp_path / "runs" / "toy")
    assert run.state == "finished"
    assert "generate_at_end: test" in run.hparams.read_text()
    told = [message for message in caplog.messages if "base_filenames_test.txt names no sequence" in message]
    assert ["--do_testing" in told[0], "--generate_at_end" in told[1]] == [True, True]
    assert caplog.messages.index(told[1]) < next(
        place for place, message in enumerate(caplog.messages) if "parameters" in message
    )
    with pytest.raises(ValueError, match=r"--do_testing: .*base_filenames_test.txt names no sequence; add one"):
        main([str(experiment), "--skip_training"])


def test_a_trial_of_the_programme_ends_without_a_checkpoint_to_generate_with(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    experiment = write_experiment(tmp_path, dhid=8, generate_at_end="test", do_testing="true")
    assert main([str(experiment), "--fast_dev_run"]) == 0
    assert "--fast_dev_run keeps no checkpoint" in caplog.messages[-1]
    with pytest.raises(FileNotFoundError, match=r"there is no checkpoint in .*; train first"):
        main([str(experiment), "--fast_dev_run", "--skip_training"])


@pytest.mark.parametrize("option", ["max_epochs", "max_steps", "limit_train_batches"])
def test_a_run_of_nothing_is_refused_and_none_is_held_to_be_finished(option: str, tmp_path: Path) -> None:
    experiment = write_experiment(tmp_path, dhid=8)
    with pytest.raises(ValueError, match=f"--{option} 0 leaves nothing to train"):
        main([str(experiment), f"--{option}", "0"])
    run = Run(tmp_path / "runs" / "toy")
    assert run.state == "empty"
    run.write_record(finished=True)  # as it was left by such a call
    assert main([str(experiment), "--max_epochs", "1"]) == 0
    assert run.record()["epochs"] == 1
