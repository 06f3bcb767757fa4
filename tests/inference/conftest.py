"""A small corpus with its features, and checkpoints of tiny models trained on nothing."""

import argparse
import dataclasses
from pathlib import Path

import pytest
import torch

from feature_extraction.extract import extract
from feature_extraction.feature import Feature
from models import create_model
from models.windows import Window
from tests.feature_extraction.small_corpus import make_corpus
from training.options.hparams import save_hparams

CONTEXT, AHEAD, GIVEN = 8, 4, 2
MOTION, SOUND = "expmap_cr_scaled_20", "sound_scaled_20"
SIZES = {
    "dhid": 16,
    "nlayers": 1,
    "nhead": 2,
    "dropout": 0.0,
    "pre_norm": False,
    "use_pos_emb_inputs": True,
    "use_pos_emb_output": True,
    "use_rel_pos_emb_inputs": False,
    "use_rel_pos_emb_output": False,
    "use_rotary_pos_emb": False,
}


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five pairs of two seconds with their features; not to be written to."""
    folder = make_corpus(tmp_path_factory.mktemp("corpus"))
    extract(folder, folder / "small.yaml", progress=False)
    return folder


@pytest.fixture(scope="session")
def checkpoint(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A transformer on motion and sound, in the folder of a run named tiny."""
    run = tmp_path_factory.mktemp("experiments") / "tiny"
    (run / "checkpoints").mkdir(parents=True)
    features = {name: Feature.load(corpus, name) for name in (MOTION, SOUND)}
    dims = {name: feature.dim for name, feature in features.items()}
    inputs = [Window(MOTION, dims[MOTION], CONTEXT), Window(SOUND, dims[SOUND], CONTEXT + AHEAD)]
    outputs = [Window(MOTION, dims[MOTION], GIVEN, CONTEXT)]
    opt = argparse.Namespace(model="transformer", experiment="tiny", data_dir=str(corpus), **SIZES)
    torch.manual_seed(0)
    model = create_model(opt, inputs, outputs)
    payload = {
        "opt": vars(opt),
        "inputs": [dataclasses.asdict(window) for window in inputs],
        "outputs": [dataclasses.asdict(window) for window in outputs],
        "features": {name: feature.to_dict() for name, feature in features.items()},
        "seeds": {MOTION: torch.zeros(CONTEXT, dims[MOTION]).tolist()},
    }
    state = {f"model.{name}": value for name, value in model.state_dict().items()}
    torch.save({"state_dict": state, "terpsichore": payload}, run / "checkpoints" / "last.ckpt")
    save_hparams(run / "hparams.yaml", opt)
    return run / "checkpoints" / "last.ckpt"
