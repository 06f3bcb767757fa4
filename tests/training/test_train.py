"""Training from the command: what it writes, how it goes on, how it stops."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from models import load_model
from tests.training.corpus import write_experiment
from training.run import Run
from training.train import main


def curves(run: Run) -> dict[str, list[tuple[int, float]]]:
    """All that the run has logged: name -> (step, value), in order of steps."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found: dict[str, dict[int, float]] = {}
    for file in sorted(run.folder.glob("events.*"), key=lambda path: path.stat().st_mtime):
        accumulator = EventAccumulator(str(file)).Reload()
        for tag in accumulator.Tags()["scalars"]:
            found.setdefault(tag, {}).update({event.step: event.value for event in accumulator.Scalars(tag)})
    return {tag: sorted(values.items()) for tag, values in found.items()}


def weights(path: Path) -> dict[str, torch.Tensor]:
    return torch.load(path, weights_only=True)["state_dict"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    """A run of four epochs that was left alone."""
    folder = tmp_path_factory.mktemp("finished")
    experiment = write_experiment(folder, log_every_n_steps=1)
    assert main([str(experiment)]) == 0
    return experiment, Run(folder / "runs" / "toy")


def test_a_run_says_at_its_start_what_it_uses(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    experiment = write_experiment(tmp_path, max_epochs=1)
    assert main([str(experiment), "--preload", "--activation_checkpointing"]) == 0
    assert main([str(experiment), "--experiment_name", "mapped"]) == 0
    preloaded, mapped = [message for message in caplog.messages if message.startswith("on CPU")]
    assert "fused adam, layers computed again for gradients (--activation_checkpointing); the whole corp" in preloaded
    assert "fused adam; windows gathered by the training process" in mapped
    found = [weights(tmp_path / "runs" / name / "checkpoints" / "last.ckpt") for name in ("toy", "mapped")]
    _assert_equal(*found)


def test_a_run_leaves_options_checkpoints_curves_and_a_record(finished: tuple[Path, Run]) -> None:
    _, run = finished
    assert run.state == "finished"
    assert run.record()["epochs"] == 4
    assert run.hparams.is_file()
    assert run.last_checkpoint is not None
    assert run.best_checkpoint is not None
    assert run.best_checkpoint.name.startswith("best-")
    assert {"train_loss", "val_loss", "windows_per_s"} <= set(curves(run))
    assert [path for path in run.checkpoints.iterdir() if path.name.startswith(".")] == []


def test_the_training_loss_falls_and_each_epoch_is_validated(finished: tuple[Path, Run]) -> None:
    losses = curves(finished[1])
    assert len(losses["val_loss"]) == 4
    assert losses["train_loss"][-1][1] < 0.8 * losses["train_loss"][0][1]


def test_the_learning_rate_follows_its_schedule(finished: tuple[Path, Run]) -> None:
    (rates,) = (values for tag, values in curves(finished[1]).items() if tag.startswith("lr-"))
    assert rates[0][1] == pytest.approx(3e-3, rel=0.01)
    assert rates[-1][1] < 1e-4
    assert [value for _, value in rates] == sorted((value for _, value in rates), reverse=True)


def test_the_checkpoint_alone_rebuilds_the_model(finished: tuple[Path, Run]) -> None:
    _, run = finished
    assert run.best_checkpoint is not None
    loaded = load_model(run.best_checkpoint)
    assert not loaded.model.training
    assert [window.modality for window in loaded.inputs] == ["motion", "audio"]
    assert len(loaded.seeds["motion"]) == 8
    assert loaded.opt.dhid == 16
    inputs = {window.modality: torch.zeros(2, window.length, window.dim) for window in loaded.inputs}
    assert loaded.model.sample(inputs)[0]["motion"].shape == (2, 4, 5)


def test_the_best_checkpoint_is_that_of_the_lowest_validation_loss(finished: tuple[Path, Run]) -> None:
    _, run = finished
    losses = [value for _, value in curves(run)["val_loss"]]
    assert run.best_checkpoint is not None
    assert run.best_checkpoint.name == f"best-epoch{losses.index(min(losses)):04d}.ckpt"
    assert run.record()["best_loss"] == pytest.approx(min(losses))


def test_a_finished_run_is_not_trained_again(finished: tuple[Path, Run], capsys: pytest.CaptureFixture[str]) -> None:
    experiment, run = finished
    assert run.last_checkpoint is not None
    before = run.last_checkpoint.stat().st_mtime_ns
    assert main([str(experiment)]) == 0
    assert run.last_checkpoint.stat().st_mtime_ns == before
    assert str(run.best_checkpoint) in capsys.readouterr().out


def test_the_same_seed_gives_the_same_weights(finished: tuple[Path, Run], tmp_path: Path) -> None:
    experiment, run = finished
    again = ["--experiments_dir", str(tmp_path)]
    assert main([str(experiment), *again]) == 0
    assert run.last_checkpoint is not None
    _assert_equal(weights(run.last_checkpoint), weights(tmp_path / "toy" / "checkpoints" / "last.ckpt"))
    assert main([str(experiment), *again, "--seed", "1", "--experiment_name", "other"]) == 0
    other = weights(tmp_path / "other" / "checkpoints" / "last.ckpt")
    assert not torch.equal(
        other["model.encoders.nets.audio.enter.weight"],
        weights(run.last_checkpoint)["model.encoders.nets.audio.enter.weight"],
    )


def test_a_run_stopped_after_an_epoch_goes_on_as_if_nothing_had_happened(
    finished: tuple[Path, Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment, whole = finished
    _interrupt_after(monkeypatch, steps=20)
    with pytest.raises(KeyboardInterrupt):
        main([str(experiment), "--experiments_dir", str(tmp_path)])
    monkeypatch.undo()
    run = Run(tmp_path / "toy")
    assert (run.state, run.record()["epochs"]) == ("stopped", 2)
    assert main([str(experiment), "--experiments_dir", str(tmp_path), "--continue_train"]) == 0
    assert run.state == "finished"
    assert whole.last_checkpoint is not None
    assert run.last_checkpoint is not None
    _assert_equal(weights(whole.last_checkpoint), weights(run.last_checkpoint))
    for name in ("train_loss", "val_loss"):
        assert curves(run)[name] == curves(whole)[name]


def test_a_stopped_run_is_not_overwritten_without_being_asked(
    finished: tuple[Path, Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment, _ = finished
    _interrupt_after(monkeypatch, steps=10)
    with pytest.raises(KeyboardInterrupt):
        main([str(experiment), "--experiments_dir", str(tmp_path)])
    monkeypatch.undo()
    with pytest.raises(ValueError, match="stopped after 1 epochs; go on with --continue_train"):
        main([str(experiment), "--experiments_dir", str(tmp_path)])


def test_a_finished_run_can_be_trained_for_longer(finished: tuple[Path, Run], tmp_path: Path) -> None:
    experiment, _ = finished
    given = [str(experiment), "--experiments_dir", str(tmp_path), "--max_epochs"]
    assert main([*given, "1"]) == 0
    assert main([*given, "3", "--continue_train"]) == 0
    assert Run(tmp_path / "toy").record()["epochs"] == 3


def test_a_run_limited_by_its_steps_can_be_trained_for_longer(
    finished: tuple[Path, Run], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    experiment, _ = finished
    given = [str(experiment), "--experiments_dir", str(tmp_path), "--continue_train"]
    run = Run(tmp_path / "toy")
    assert main([*given, "--max_epochs", "-1", "--max_steps", "5"]) == 0
    for more in ([], ["--max_epochs", "9"], ["--max_steps", "5"]):
        assert main([*given, *more]) == 0
        assert (run.record()["steps"], run.state) == (5, "finished")
        assert "5 steps): not trained again; for more use --continue_train --max_steps N" in caplog.messages[-1]
    assert main([*given, "--max_steps", "13"]) == 0
    assert (run.record()["steps"], run.state) == (13, "finished")


def test_weights_alone_begin_a_run_in_the_place_of_one_that_is_given_up(
    finished: tuple[Path, Run], tmp_path: Path
) -> None:
    experiment, _ = finished
    given = [str(experiment), "--experiments_dir", str(tmp_path), "--max_epochs"]
    assert main([*given, "2"]) == 0
    run = Run(tmp_path / "toy")
    assert run.last_checkpoint is not None
    before, written = weights(run.last_checkpoint), run.last_checkpoint.stat().st_mtime_ns
    again = [*given, "1", "--load_weights_only", "--learning_rate", "1e-12"]
    with pytest.raises(ValueError, match=r"holds a finished run.* --weights_from \S+/toy --experiment_name .*--overwr"):
        main(again)
    assert (run.last_checkpoint.stat().st_mtime_ns, run.record()["epochs"], run.state) == (written, 2, "finished")
    assert main([*again, "--overwrite"]) == 0
    assert run.record()["epochs"] == 1
    for name, value in weights(run.last_checkpoint).items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=1e-9)


def test_a_run_that_never_logs_within_an_epoch_has_the_curves_of_its_epochs(tmp_path: Path) -> None:
    experiment = write_experiment(tmp_path, max_epochs=1, dhid=8, log_every_n_steps=0, save_every_n_steps=2)
    assert main([str(experiment)]) == 0
    found = curves(Run(tmp_path / "runs" / "toy"))
    assert "val_loss" in found
    assert "train_loss" not in found


def test_a_loss_that_is_not_finite_stops_the_run_and_leaves_the_last_checkpoint(tmp_path: Path) -> None:
    experiment = write_experiment(tmp_path, learning_rate=1e30, lr_policy="lambda", optimizer="sgd")
    with pytest.raises(ValueError, match=r"in epoch \d, step \d+: the loss became (nan|inf); lower --learning_rate"):
        main([str(experiment)])


def test_without_a_validation_split_the_training_loss_chooses(tmp_path: Path) -> None:
    experiment = write_experiment(tmp_path, max_epochs=1)
    (tmp_path / "data" / "base_filenames_val.txt").write_text("")
    assert main([str(experiment)]) == 0
    assert Run(tmp_path / "runs" / "toy").record()["best_loss"] is not None


def test_the_test_loss_is_that_of_the_best_checkpoint(tmp_path: Path) -> None:
    experiment = write_experiment(tmp_path, max_epochs=1)
    assert main([str(experiment), "--do_testing"]) == 0
    run = Run(tmp_path / "runs" / "toy")
    loaded = load_model(run.best_checkpoint or "")
    from training.datasets.multimodal_dataset import MultimodalDataset

    dataset = MultimodalDataset(loaded.opt, "test")
    with torch.no_grad():
        loss = loaded.model.losses(dataset.__getitems__(range(len(dataset))))["loss"]
    assert run.record()["test_losses"]["test_loss"] == pytest.approx(loss.item(), rel=1e-5)


def test_without_training_the_rest_is_done(finished: tuple[Path, Run]) -> None:
    experiment, run = finished
    assert run.last_checkpoint is not None
    before = run.last_checkpoint.stat().st_mtime_ns
    assert main([str(experiment), "--skip_training", "--do_testing"]) == 0
    assert run.last_checkpoint.stat().st_mtime_ns == before
    assert run.record()["test_losses"]["test_loss"] > 0


@pytest.mark.parametrize("kept", [0, 2])
def test_as_many_of_the_best_checkpoints_are_kept_as_wanted(kept: int, tmp_path: Path) -> None:
    experiment = write_experiment(tmp_path, max_epochs=3, dhid=8)
    assert main([str(experiment), "--save_top_k", str(kept)]) == 0
    run = Run(tmp_path / "runs" / "toy")
    best = sorted(path.name for path in run.checkpoints.glob("best-*"))
    epochs = sorted(range(3), key=[value for _, value in curves(run)["val_loss"]].__getitem__)[:kept]
    assert best == sorted(f"best-epoch{epoch:04d}.ckpt" for epoch in epochs)
    assert run.last_checkpoint is not None


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"data_dir": "nowhere"}, "there is no folder"),
        ({"input_modalities": "motion,audoi"}, "is audio meant"),
        ({"output_lengths": 50}, "no window fits|--output_lengths"),
        ({"model": "transfromer"}, "transformer"),
    ],
)
def test_a_mistake_is_one_readable_line(option: dict[str, Any], message: str, tmp_path: Path) -> None:
    experiment = write_experiment(tmp_path, **option)
    with pytest.raises((ValueError, LookupError, OSError), match=message):
        main([str(experiment)])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--strategy deepspeed_stage_2", "(?i)deepspeed"),
        ("--strategy fsdp --devices 2", "(?i)fsdp.*(gpu|cuda|accelerator)"),
    ],
)
def test_a_strategy_that_cannot_be_had_is_one_readable_line(options: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        main([str(write_experiment(tmp_path)), *options.split()])
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_a_run_killed_at_any_moment_keeps_a_readable_checkpoint_and_goes_on(tmp_path: Path) -> None:
    experiment = write_experiment(tmp_path, max_epochs=400)
    run = Run(tmp_path / "runs" / "toy")
    command = [sys.executable, "-m", "training.train", str(experiment), "--continue_train"]
    epochs = 0
    for delay_s in (0.5, 1.3, 2.1):
        process = subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"})
        while not (run.record().get("epochs", 0) > epochs):
            assert process.poll() is None
            time.sleep(0.05)
        time.sleep(delay_s)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert run.state == "stopped"
        assert run.last_checkpoint is not None
        assert weights(run.last_checkpoint)
        epochs = json.loads((run.folder / "run.json").read_text())["epochs"]


def _interrupt_after(monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    """Press Ctrl-C at a training step."""
    from training.module import TrainingModule

    original = TrainingModule.training_step

    def step(self: TrainingModule, batch: Any, batch_idx: int) -> Any:
        if self.global_step == steps:
            raise KeyboardInterrupt
        return original(self, batch, batch_idx)

    monkeypatch.setattr(TrainingModule, "training_step", step)


def _assert_equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert torch.equal(value, other[name]), name
