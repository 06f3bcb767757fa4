"""A batch size and a learning rate are found, and nothing else is changed."""

import argparse
from pathlib import Path

import numpy as np
import pytest
import torch
from pytorch_lightning import Trainer

from models import create_model
from tests.training.corpus import write_experiment
from training import tuning
from training.datasets.multimodal_dataset import MultimodalDataset
from training.options import parse, trainer_arguments
from training.train import main
from training.tuning import fastest_fall, tune


def test_the_rate_is_where_the_loss_falls_fastest() -> None:
    rates = np.geomspace(1e-6, 1, 61)
    losses = 1 / (1 + np.exp(2 * (np.log10(rates) + 3)))
    assert fastest_fall(rates.tolist(), losses.tolist()) == pytest.approx(1e-3)


def test_a_loss_that_never_falls_gives_a_tenth_of_the_last_rate() -> None:
    assert fastest_fall([1e-3, 1e-2], [1.0, 2.0]) == pytest.approx(1e-3)


def trainer_for(opt: argparse.Namespace) -> Trainer:
    return Trainer(**trainer_arguments(opt) | {"logger": False, "enable_checkpointing": False})


def test_tuning_leaves_the_model_and_finds_numbers_that_train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "TRIED", 30)
    opt = parse([str(write_experiment(tmp_path)), "--do_tuning"])
    train = MultimodalDataset(opt)
    torch.manual_seed(0)
    model = create_model(opt, train.inputs, train.outputs)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    given = vars(opt).copy()
    tuned = tune(opt, model, train, trainer_for(opt))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert vars(opt) == given
    assert tuned.batch_size in (8, 16)
    assert 1e-6 < tuned.learning_rate < 1


def test_a_first_batch_that_is_not_finite_is_left_to_the_training_to_name(tmp_path: Path) -> None:
    experiment = write_experiment(tmp_path, num_sanity_val_steps=0)
    for path in (tmp_path / "data").glob("s*.motion.npy"):
        np.save(path, np.full((60, 5), np.nan, np.float32))
    with pytest.raises(ValueError, match=r"s\d.*feature_extraction\.check"):
        main([str(experiment), "--do_tuning"])


def test_no_gpus_is_tuned_on_the_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[torch.device] = []
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr(tuning, "find_batch_size", lambda opt, model, train, device: tried.append(device) or 8)
    monkeypatch.setattr(tuning, "find_learning_rate", lambda opt, model, train, device: tried.append(device) or 0.1)
    opt = parse([str(write_experiment(tmp_path, accelerator="auto")), "--do_tuning", "--gpus", "0"])
    tune(opt, None, None, trainer_for(opt))  # type: ignore[arg-type]
    assert tried == [torch.device("cpu")] * 2


def test_all_devices_of_a_machine_with_several_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytorch_lightning.accelerators.CPUAccelerator.auto_device_count", lambda self: 2)
    with pytest.raises(ValueError, match="--do_tuning tries on one device and this run has 2; tune with --devices 1"):
        main([str(write_experiment(tmp_path)), "--do_tuning", "--strategy", "ddp"])


def test_a_batch_that_does_not_fit_ends_the_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rates = {8: 10.0, 16: 19.0}

    def windows_per_s(opt: object, model: object, train: object, size: int) -> float:
        if size not in rates:
            raise torch.OutOfMemoryError
        return rates[size]

    monkeypatch.setattr(tuning, "_windows_per_s", windows_per_s)
    found = tuning.find_batch_size(None, torch.nn.Linear(1, 1), range(10_000), torch.device("cpu"))  # type: ignore[arg-type]
    assert found == 16
