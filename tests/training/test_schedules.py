"""The learning rate of each step of a training by the Trainer is the one that the schedule has for it."""

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl

from models import create_model
from tests.training.corpus import write_experiment
from training.datasets.multimodal_dataset import MultimodalDataset
from training.loaders import make_loader
from training.module import TrainingModule
from training.optimisers import PLATEAU_POLICIES, learning_rate_factor
from training.options import parse
from training.options.base import POLICIES

EPOCHS, STEPS = 4, 3
SHAPE: dict[str, Any] = {
    "warmup_epochs": 2.0, "nepoch_decay": 2.0, "lr_decay_iters": 2.0, "lr_decay_factor": 0.5,
    "lr_decay_milestones": [1.0, 3.0],
}  # fmt: skip


def planned(policy: str) -> list[float]:
    """The rates that the policy's definition gives."""
    factor = learning_rate_factor(policy, epochs=EPOCHS, **SHAPE)
    return [0.5 * factor(step / STEPS) for step in range(EPOCHS * STEPS)]


class Rates(pl.Callback):
    """Notes what each step is made with."""

    def __init__(self) -> None:
        self.seen: list[float] = []

    def on_before_optimizer_step(self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Any) -> None:
        self.seen.append(optimizer.param_groups[0]["lr"])


def rates(folder: Path, policy: str, *more: str) -> list[float]:
    """Train for some epochs at a full rate of .5, with gradients that are zero, so that the loss stays as it is."""
    given = [
        f"--{name}={','.join(map(str, value)) if isinstance(value, list) else value}" for name, value in SHAPE.items()
    ]
    opt = parse(
        [str(write_experiment(folder)), f"--lr_policy={policy}", "--learning_rate=0.5", "--dhid=8", *given, *more]
    )
    opt.batch_size = 48 // opt.accumulate_grad_batches
    dataset, seen = MultimodalDataset(opt), Rates()
    model = create_model(opt, dataset.inputs, dataset.outputs)
    module = TrainingModule(model, opt, {})
    for parameter in model.parameters():
        parameter.register_hook(lambda gradient: 0 * gradient)
    trainer = pl.Trainer(
        max_epochs=opt.max_epochs, accelerator="cpu", logger=False, enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False, callbacks=[seen], accumulate_grad_batches=opt.accumulate_grad_batches,
    )  # fmt: skip
    trainer.fit(module, make_loader(dataset, opt))
    return seen.seen


@pytest.mark.parametrize("policy", [policy for policy in POLICIES if policy not in PLATEAU_POLICIES])
def test_each_step_has_the_rate_of_its_place_in_the_run(policy: str, tmp_path: Path) -> None:
    expected = planned(policy)
    assert len(set(expected)) > 1
    assert rates(tmp_path, policy) == pytest.approx(expected)


def test_summed_batches_are_one_step(tmp_path: Path) -> None:
    assert rates(tmp_path, "cosine", "--accumulate_grad_batches=2") == pytest.approx(planned("cosine"))


@pytest.mark.parametrize("policy", ["multistep", "cosine"])
def test_the_batches_that_are_left_at_an_epochs_end_are_a_step_too(policy: str, tmp_path: Path) -> None:
    five_batches = "--num_train_samples=120"
    assert rates(tmp_path, policy, "--accumulate_grad_batches=2", five_batches) == pytest.approx(planned(policy))


@pytest.mark.parametrize("policy", PLATEAU_POLICIES)
def test_a_loss_that_does_not_fall_halves_the_rate_after_the_patience(policy: str, tmp_path: Path) -> None:
    # The first epoch is the best there is, two are waited for, and the rate falls after the next.
    assert rates(tmp_path, policy, "--dropout=0", "--num_train_samples=48", "--max_epochs=5") == [0.5] * 4 + [0.25]
