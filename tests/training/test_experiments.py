"""Every experiment that is shipped is parsed, built and makes an optimiser step."""

import argparse
from pathlib import Path

import numpy as np
import pytest
import torch

from models import create_model
from training.datasets.multimodal_dataset import MultimodalDataset
from training.datasets.window_options import read_windows
from training.module import TrainingModule
from training.options import parse
from training.options.experiments import list_experiments

EXPERIMENTS = list_experiments()
DIMS = {"expmap_scaled_20": 69, "expmap_cr_scaled_20": 67, "audio_feats_scaled_20": 83}
"""Columns of the recipes' features, where an experiment leaves them to the files."""
LARGE = 10_000_000
"""Parameters above which a step is taken in the slow suite only."""


def read(path: Path, data_dir: Path) -> argparse.Namespace:
    return parse([str(path), "--data_dir", str(data_dir)])


def write_corpus(opt: argparse.Namespace, folder: Path) -> None:
    """Two sequences as long as the experiment's windows ask for, and a little longer."""
    inputs, outputs, _ = read_windows(opt)
    frames = max(window.stop for window in (*inputs, *outputs)) + 4
    rng = np.random.default_rng(0)
    for window in (*inputs, *outputs):
        dim = window.dim or DIMS[window.modality]
        for name in ("a", "b"):
            shape = (window.length, 1) if window.single else (frames, 1 if window.discrete else dim)
            values = rng.integers(0, window.num_tokens, shape) if window.discrete else rng.standard_normal(shape)
            np.save(folder / f"{name}.{window.modality}.npy", values if window.discrete else values.astype(np.float32))
    for split in ("train", "val"):
        (folder / f"base_filenames_{split}.txt").write_text("a\nb\n")


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_an_experiment_is_parsed_built_and_stepped(path: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    opt = read(path, tmp_path)
    write_corpus(opt, tmp_path)
    dataset = MultimodalDataset(opt, "train")
    with torch.device("meta"):
        size = sum(each.numel() for each in create_model(opt, dataset.inputs, dataset.outputs).parameters())
    assert size > 0
    if size < LARGE or "slow" in request.config.getoption("-m").replace("not slow", ""):
        _step(opt, dataset)


def _step(opt: argparse.Namespace, dataset: MultimodalDataset) -> None:
    torch.manual_seed(0)
    module = TrainingModule(create_model(opt, dataset.inputs, dataset.outputs), opt, {})
    optimiser = torch.optim.SGD(module.model.parameters(), lr=1e-6)
    module.model.losses(dataset.__getitems__([0, 1]))["loss"].backward()
    before = [parameter.detach().clone() for parameter in module.model.parameters()]
    optimiser.step()
    after = list(module.model.parameters())
    assert all(parameter.isfinite().all() for parameter in after)
    assert any(not torch.equal(one, other) for one, other in zip(before, after, strict=True))


def test_experiments_are_shipped() -> None:
    names = {f"{path.parent.name}/{path.stem}" for path in EXPERIMENTS}
    assert {"demo/quickstart", "dance_combined/transformer_expmap"} <= names
