"""Write an imported network as a checkpoint of this project."""

import argparse
import dataclasses
from collections.abc import Mapping
from pathlib import Path

import torch

from feature_extraction import store
from feature_extraction.feature import Feature
from models.base_model import BaseModel


def write_checkpoint(
    output: Path, network: BaseModel, opt: argparse.Namespace, features: Mapping[str, Feature]
) -> Path:
    """Write what `models.load_model` reads; the path written. ``features`` describe modalities by their names."""
    payload = {
        "opt": {name: value for name, value in vars(opt).items() if isinstance(value, bool | int | float | str | None)},
        "inputs": [dataclasses.asdict(window) for window in network.inputs],
        "outputs": [dataclasses.asdict(window) for window in network.outputs],
        "features": {name: feature.to_dict() for name, feature in features.items()},
        "seeds": {},
    }
    state = {f"model.{name}": value for name, value in network.state_dict().items()}
    with store.atomic_path(output) as temporary:
        torch.save({"state_dict": state, "terpsichore": payload}, temporary)
    return output
