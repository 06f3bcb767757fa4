"""The average of the weights is what its formula says, and what a checkpoint gives."""

from pathlib import Path

import pytest
import torch
from pytorch_lightning import LightningModule, Trainer

from models import load_model
from tests.training.corpus import write_experiment
from training.callbacks.averaging import WeightAverage
from training.run import Run
from training.train import main


class Counting(LightningModule):
    """One weight, which has the value t after step t."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.register_buffer("flag", torch.tensor(True))
        self.validated: list[float] = []

    def training_step(self, batch: torch.Tensor) -> torch.Tensor:
        return -self.weight.sum()

    def validation_step(self, batch: torch.Tensor) -> None:
        self.validated.append(self.weight.item())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=1.0)


def test_the_average_follows_its_formula_and_is_validated() -> None:
    module, average = Counting(), WeightAverage(0.5)
    loader = torch.utils.data.DataLoader([torch.zeros(1)] * 5, batch_size=1)
    trainer = Trainer(
        accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, num_sanity_val_steps=0, callbacks=[average],
    )  # fmt: skip
    trainer.fit(module, loader, torch.utils.data.DataLoader([torch.zeros(1)], batch_size=1))
    expected = 0.0
    for step in range(1, 6):
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * step
    assert module.validated == [pytest.approx(expected)]
    assert module.weight.item() == 5
    with average.applied(module):
        assert module.weight.item() == pytest.approx(expected)
    assert module.weight.item() == 5


def test_a_checkpoint_gives_the_average(tmp_path: Path) -> None:
    experiment = write_experiment(tmp_path, max_epochs=1, ema_decay=0.99)
    assert main([str(experiment)]) == 0
    checkpoint = Run(tmp_path / "runs" / "toy").last_checkpoint
    assert checkpoint is not None
    content = torch.load(checkpoint, weights_only=True)
    given = load_model(checkpoint).model.state_dict()
    name = "encoders.nets.audio.enter.weight"
    assert torch.equal(given[name], content["state_dict"][f"model.{name}"])
    assert not torch.equal(given[name], content["trained_weights"][f"model.{name}"])
