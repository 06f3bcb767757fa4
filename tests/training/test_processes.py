"""Several processes do the steps that one does with as many times the batch, and only the first writes."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from pytorch_lightning.strategies import FSDPStrategy
from torch import distributed, nn
from torch.distributed.fsdp import FullyShardedDataParallel

from models import create_model
from tests.training.corpus import write_experiment
from training.datasets.multimodal_dataset import MultimodalDataset
from training.module import TrainingModule
from training.options import parse
from training.run import Run
from training.train import main

FLOW = {
    "model": "transflower",
    "dhid": 8,
    "dhid_flow": 8,
    "scales": '"[[2,0]]"',
    "num_glow_coupling_blocks": 1,
}
NORMS: dict[str, dict[str, str | float]] = {
    "transformer": {"dhid": 8},
    "no norm": {**FLOW, "glow_norm_layer": "none"},
    "actnorm": {**FLOW, "glow_norm_layer": "actnorm"},
    "batchnorm": {**FLOW, "glow_norm_layer": "batchnorm"},
}
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}


@pytest.mark.slow
@pytest.mark.parametrize("name", NORMS)
def test_two_processes_train_what_one_does_with_twice_the_batch(name: str, tmp_path: Path) -> None:
    options: dict[str, str | float] = {
        "dropout": 0, "precision": "64-true", "optimizer": "adamw", "max_epochs": 2, "gradient_clip_val": 1,
        "log_every_n_steps": 1, "num_sanity_val_steps": 0, **NORMS[name],
    }  # fmt: skip
    experiment = write_experiment(tmp_path, **options)
    assert main([str(experiment), "--experiment_name", "one", "--batch_size", "16"]) == 0
    several = ("--batch_size", "8", "--devices", "2", "--strategy", "ddp_fork")
    assert main([str(experiment), "--experiment_name", "two", *several]) == 0
    one, two = Run(tmp_path / "runs" / "one"), Run(tmp_path / "runs" / "two")
    assert one.last_checkpoint is not None
    assert two.last_checkpoint is not None
    expected, found = (
        torch.load(run.last_checkpoint, weights_only=True) for run in (one, two) if run.last_checkpoint is not None
    )
    assert expected["global_step"] == found["global_step"] == 18
    for weight, value in expected["state_dict"].items():
        torch.testing.assert_close(found["state_dict"][weight], value, rtol=1e-9, atol=1e-11, msg=weight)
    assert two.record()["losses"]["val_loss"] == pytest.approx(one.record()["losses"]["val_loss"], rel=1e-9)
    assert len(list(two.folder.glob("events.*"))) == 1
    assert sorted(path.name for path in two.checkpoints.iterdir()) == sorted(
        path.name for path in one.checkpoints.iterdir()
    )


@pytest.mark.slow
def test_processes_that_start_each_other_can_be_stopped_and_gone_on_with_alone(tmp_path: Path) -> None:
    experiment = write_experiment(tmp_path, dhid=8, dropout=0, precision="64-true", num_sanity_val_steps=0)
    command = [sys.executable, "-m", "training.train", str(experiment), "--max_epochs", "1", "--batch_size", "8"]
    subprocess.run([*command, "--devices", "2", "--strategy", "ddp"], check=True, env=ENVIRONMENT, timeout=900)
    run = Run(tmp_path / "runs" / "toy")
    assert (run.state, run.record()["steps"]) == ("finished", 9)
    alone = ["--continue_train", "--max_epochs", "2", "--batch_size", "16", "--devices", "1", "--strategy", "auto"]
    assert main([str(experiment), *alone]) == 0
    assert run.record()["steps"] == 18


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["ddp", "ddp_fork"])
def test_the_test_loss_of_several_processes_is_that_of_one(strategy: str, tmp_path: Path) -> None:
    experiment = write_experiment(tmp_path, dhid=8, precision="64-true", num_sanity_val_steps=0, max_epochs=1)
    run = Run(tmp_path / "runs" / "toy")
    command = [sys.executable, "-m", "training.train", str(experiment), "--devices", "2", "--strategy", strategy]

    found = []
    for more in ([], ["--skip_training"]):
        subprocess.run([*command, "--do_testing", *more], check=True, env=ENVIRONMENT, timeout=300)
        found.append(run.record()["test_losses"]["test_loss"])
        run.write_record(test_losses=None)
    assert main([str(experiment), "--do_testing", "--skip_training"]) == 0
    assert found == [pytest.approx(run.record()["test_losses"]["test_loss"], rel=1e-6)] * 2


def test_shards_are_clipped_by_the_norm_of_all_of_them(tmp_path: Path) -> None:
    opt = parse([str(write_experiment(tmp_path))])
    data = MultimodalDataset(opt)
    distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)
    try:
        strategy = FSDPStrategy()
        strategy.model = FullyShardedDataParallel(nn.Linear(3, 2), device_id=torch.device("cpu"), use_orig_params=True)
        strategy.model(torch.ones(4, 3)).sum().mul(100).backward()
        module = TrainingModule(create_model(opt, data.inputs, data.outputs), opt, {})
        module.trainer = SimpleNamespace(strategy=strategy, precision="32-true", world_size=1)
        module.configure_gradient_clipping(torch.optim.SGD(strategy.model.parameters()), 0.5, "norm")
        gradients = torch.cat([parameter.grad.flatten() for parameter in strategy.model.parameters()])
    finally:
        distributed.destroy_process_group()
    torch.testing.assert_close(gradients.norm(), torch.tensor(0.5))
