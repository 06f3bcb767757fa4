"""Every experiment that is shipped is parsed, built and makes an optimiser step."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch

from feature_extraction.audio import Audio
from feature_extraction.feature import Feature, build, combine
from feature_extraction.text.transcript import Transcript
from models import create_model
from training.datasets.multimodal_dataset import MultimodalDataset
from training.datasets.window_options import read_windows
from training.loaders import make_loader
from training.module import TrainingModule
from training.options import parse
from training.options.experiments import list_experiments

EXPERIMENTS = list_experiments()
DIMS = {"expmap_scaled_20": 69, "expmap_cr_scaled_20": 67, "audio_feats_scaled_20": 83}
"""Columns of the recipes' features, where an experiment leaves them to the files."""
WORDS = {"words": [f"word{place}" for place in range(20)], "width": 5}
DESCRIBED: dict[str, tuple[str, dict[str, Any], Any]] = {
    "mfcc_scaled_20": ("audio", {"name": "mfcc"}, Audio(np.zeros(48_000, np.float32), 48_000)),
    "word_context_20": ("text", {"name": "word_context", "state": WORDS}, Transcript()),
    "word_window_20": ("text", {"name": "word_context", "state": WORDS}, Transcript()),
    "word_tokens_20": ("text", {"name": "word_tokens", "state": WORDS}, Transcript()),
}
"""Features whose description an experiment needs: what they are made of, how, and something to make one of."""
LARGE = 10_000_000
"""Parameters above which a step is taken in the slow suite only."""


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def write_corpus(opt: argparse.Namespace, folder: Path) -> None:
    """Two sequences as long as the experiment's windows ask for, and a little longer."""
    inputs, outputs, _ = read_windows(opt)
    frames = max(window.stop for window in (*inputs, *outputs)) + 4
    rng = np.random.default_rng(0)
    for window in (*inputs, *outputs):
        feature = describe(window.modality, folder) if window.modality in DESCRIBED else None
        tokens = window.num_tokens or (feature.num_tokens if feature else 0)
        dim = feature.dim if feature else 1 if tokens else window.dim or DIMS[window.modality]
        for name in ("a", "b"):
            shape = (window.length, 1) if window.single else (frames, dim)
            values = rng.integers(0, tokens, shape) if tokens else rng.standard_normal(shape).astype(np.float32)
            np.save(folder / f"{name}.{window.modality}.npy", values)
    for split in ("train", "val"):
        (folder / f"base_filenames_{split}.txt").write_text("a\nb\n")


def describe(name: str, folder: Path) -> Feature:
    """Write the description of a feature as extraction does."""
    source, extractor, raw = DESCRIBED[name]
    array = combine(build([extractor], 20), raw, 20)
    feature = Feature(name, name, source, 20, (extractor,), array.columns, array.dims, array.columns)
    feature.save(folder)
    return feature


@pytest.mark.parametrize("path", EXPERIMENTS, ids=named)
def test_an_experiment_is_parsed_and_built_and_stepped_if_it_is_small(path: Path, tmp_path: Path) -> None:
    opt, dataset = prepared(path, tmp_path)
    size = parameters(opt, dataset)
    assert size > 0
    if size < LARGE:
        step(opt, dataset)


@pytest.mark.slow
@pytest.mark.parametrize("path", EXPERIMENTS, ids=named)
def test_a_large_experiment_is_stepped_too(path: Path, tmp_path: Path) -> None:
    opt, dataset = prepared(path, tmp_path)
    if parameters(opt, dataset) < LARGE:
        pytest.skip("the fast suite has stepped it")
    step(opt, dataset)


def prepared(path: Path, folder: Path) -> tuple[argparse.Namespace, MultimodalDataset]:
    opt = parse([str(path), "--data_dir", str(folder)])
    write_corpus(opt, folder)
    return opt, MultimodalDataset(opt, "train")


def parameters(opt: argparse.Namespace, dataset: MultimodalDataset) -> int:
    """How many there are; no memory is taken for them."""
    with torch.device("meta"):
        return sum(each.numel() for each in create_model(opt, dataset.inputs, dataset.outputs).parameters())


def step(opt: argparse.Namespace, dataset: MultimodalDataset) -> None:
    """One step of the Trainer, with the experiment's own optimiser and schedule."""
    module = TrainingModule(create_model(opt, dataset.inputs, dataset.outputs), opt, {})
    before = [parameter.detach().clone() for parameter in module.model.parameters()]
    trainer = pl.Trainer(
        max_steps=2, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False,
    )  # fmt: skip
    opt.batch_size = 2
    trainer.fit(module, make_loader(dataset, opt))
    after = list(module.model.parameters())
    assert all(parameter.isfinite().all() for parameter in after)
    assert any(not torch.equal(one, other) for one, other in zip(before, after, strict=True))


def test_experiments_are_shipped() -> None:
    names = {f"{path.parent.name}/{path.stem}" for path in EXPERIMENTS}
    assert {"demo/quickstart", "dance_combined/transformer_expmap"} <= names
