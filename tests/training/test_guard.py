"""What is not finite is named, and left out only where that is allowed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from models.transformer_model import TransformerModel
from tests.training.corpus import write_experiment
from training.guard import all_finite, bad_gradient
from training.module import TrainingModule
from training.run import Run
from training.train import main


@pytest.fixture
def with_nan(tmp_path: Path) -> Path:
    """An experiment on data with one bad number."""
    experiment = write_experiment(tmp_path, max_epochs=1, **{"num_train_samples": 48, "batch_size": 8})
    spoil(tmp_path / "data" / "s1.audio.npy")
    return experiment


def spoil(path: Path) -> None:
    """Make one number of a file bad."""
    values = np.load(path)
    values[30, 2] = np.nan
    np.save(path, values)


def test_a_bad_feature_is_named_with_its_sequence_and_frame(with_nan: Path) -> None:
    with pytest.raises(
        ValueError, match=r"in epoch 0, step \d: audio of the sequence s1 is nan in frame 30, column 2; look with"
    ):
        main([str(with_nan)])


@pytest.mark.parametrize(("split", "name"), [("val", "v"), ("test", "t")])
def test_a_bad_held_out_feature_is_named_and_not_left_out(split: str, name: str, tmp_path: Path) -> None:
    experiment = write_experiment(tmp_path, max_epochs=1)
    spoil(tmp_path / "data" / f"{name}.audio.npy")
    with pytest.raises(
        ValueError, match=f"in the {split} split: audio of the sequence {name} is nan in frame 30, column 2; look with"
    ):
        main([str(experiment), "--do_testing", "--skip_bad_batches", "9"])


def test_a_held_out_loss_that_is_not_finite_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = TransformerModel.losses

    def losses(self: TransformerModel, batch: Any) -> dict[str, torch.Tensor]:
        found = original(self, batch)
        return found if self.training else {name: value + torch.inf for name, value in found.items()}

    monkeypatch.setattr(TransformerModel, "losses", losses)
    with pytest.raises(ValueError, match=r"the loss of the val split became inf at the sequence v; lower"):
        main([str(write_experiment(tmp_path, max_epochs=1))])


def test_bad_batches_are_left_out_and_counted(with_nan: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert main([str(with_nan), "--skip_bad_batches", "6"]) == 0
    run = Run(with_nan.parent / "runs" / "toy")
    skipped = run.record()["skipped_batches"]
    assert 1 <= skipped < 6
    assert f"batch {skipped} that is skipped, of 6 allowed" in caplog.text
    assert run.last_checkpoint is not None
    assert all_finite(torch.load(run.last_checkpoint, weights_only=True)["state_dict"].values())


def test_more_bad_batches_than_allowed_stop_the_run(with_nan: Path) -> None:
    with pytest.raises(ValueError, match=r"\(1 batches were skipped before it\); --skip_bad_batches 2 would"):
        main([str(with_nan), "--skip_bad_batches", "1", "--max_epochs", "4"])


def test_a_bad_gradient_is_named_by_its_parameter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = TrainingModule.training_step

    def step(self: TrainingModule, batch: Any, batch_idx: int) -> torch.Tensor:
        weight = dict(self.model.named_parameters())["encoders.nets.audio.enter.weight"]
        # The gradient of a root at zero is infinite, its value is not.
        return original(self, batch, batch_idx) + (weight * 0).abs().sqrt().sum()

    monkeypatch.setattr(TrainingModule, "training_step", step)
    with pytest.raises(ValueError, match=r"the gradient of encoders.nets.audio.enter.weight is not finite; lower"):
        main([str(write_experiment(tmp_path, max_epochs=1))])


def test_a_step_whose_gradient_is_bad_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = TrainingModule.training_step

    def step(self: TrainingModule, batch: Any, batch_idx: int) -> torch.Tensor:
        loss = original(self, batch, batch_idx)
        weight = next(self.model.parameters())
        return loss + (weight * 0).abs().sqrt().sum() if batch_idx == 3 else loss

    monkeypatch.setattr(TrainingModule, "training_step", step)
    run = trained(tmp_path, skip_bad_batches=1)
    assert run.record()["skipped_batches"] == 1
    assert all_finite(weights(run).values())


@pytest.mark.parametrize("bad", [{0}, {1}, {0, 1}])
def test_a_step_is_made_of_those_of_its_batches_that_are_good(
    bad: set[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses, step = TransformerModel.losses, TrainingModule.training_step
    before: dict[str, torch.Tensor] = {}
    gradients: list[float] = []

    def bad_losses(self: TransformerModel, batch: Any) -> dict[str, torch.Tensor]:
        found = losses(self, batch)
        return {name: value * torch.nan for name, value in found.items()} if len(gradients) in bad else found

    def watched(self: TrainingModule, batch: Any, batch_idx: int) -> torch.Tensor:
        if not before:
            before.update({f"model.{name}": value.clone() for name, value in self.model.state_dict().items()})
        loss = step(self, batch, batch_idx)
        gradients.append(loss.item())
        return loss

    monkeypatch.setattr(TransformerModel, "losses", bad_losses)
    monkeypatch.setattr(TrainingModule, "training_step", watched)
    options = {"accumulate_grad_batches": 2, "max_steps": 1, "skip_bad_batches": 2, "do_validation": "false"}
    run = trained(tmp_path, **options)
    assert run.record()["skipped_batches"] == len(bad)
    assert [place for place, loss in enumerate(gradients) if loss == 0] == sorted(bad)
    after = weights(run)
    assert all(torch.equal(value, after[name]) for name, value in before.items()) == (len(bad) == 2)


def trained(folder: Path, **options: str | float) -> Run:
    """A run of an epoch."""
    assert main([str(write_experiment(folder, max_epochs=1, **options))]) == 0
    return Run(folder / "runs" / "toy")


def weights(run: Run) -> dict[str, torch.Tensor]:
    """What the run has learned."""
    assert run.last_checkpoint is not None
    return torch.load(run.last_checkpoint, weights_only=True)["state_dict"]


def test_large_numbers_are_finite_and_nan_is_not() -> None:
    large = torch.full((10,), 3e38)
    assert all_finite([large, torch.tensor([1])])
    assert not all_finite([large, torch.tensor([0.0, torch.nan])])
    assert not all_finite([torch.tensor([-torch.inf])])


def test_a_bad_weight_is_named_before_gradients() -> None:
    good, bad = torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.tensor([torch.inf]))
    good.grad = torch.full((2,), torch.nan)
    assert bad_gradient([("good", good), ("bad", bad)]) == "the parameter bad is not finite"
    assert bad_gradient([("good", good)]) == "the gradient of good is not finite"
