"""Models: find one by name, build it, load it from a checkpoint."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import registry
from models.windows import Window

if TYPE_CHECKING:
    from models.base_model import BaseModel


@dataclass(frozen=True)
class LoadedModel:
    """A trained model with all that generation needs."""

    model: "BaseModel"
    opt: argparse.Namespace
    inputs: tuple[Window, ...]
    outputs: tuple[Window, ...]
    features: dict[str, dict[str, Any]]
    """Feature name -> what ``feature_extraction.feature.Feature.from_dict`` reads."""
    seeds: dict[str, list[list[float]]]
    """Fed-back modality -> scaled frames (frames, dim) to start from."""


def find_model(name: str) -> type["BaseModel"]:
    """The class of a model; LookupError with the nearest names if there is none."""
    return registry.find("model", name)


def create_model(opt: argparse.Namespace, inputs: Sequence[Window], outputs: Sequence[Window]) -> "BaseModel":
    """Build the model that ``opt.model`` names, with fresh weights, for these windows."""
    return find_model(opt.model)(opt, inputs, outputs)


def load_model(checkpoint: str | Path, device: str = "cpu") -> LoadedModel:
    """Read a checkpoint of training: the model in eval mode on the device, its options, windows, features and seeds.

    Nothing in the file is executed. ValueError if it is no checkpoint of this project.
    """
    import torch

    path = Path(checkpoint)
    if not path.is_file():
        raise FileNotFoundError(f"there is no checkpoint {path}; name a .ckpt file, or train first")
    try:
        content = torch.load(path, map_location=device, weights_only=True)
        payload = content["terpsichore"]
    except Exception as error:  # torch does not say what it raises for foreign, damaged and malicious files
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise ValueError(f"{path} is damaged or no checkpoint of this project: {reason}") from error
    opt = argparse.Namespace(**payload["opt"])
    inputs = tuple(Window(**each) for each in payload["inputs"])
    outputs = tuple(Window(**each) for each in payload["outputs"])
    model = create_model(opt, inputs, outputs)
    state = content["state_dict"]
    model.load_state_dict({key.removeprefix("model."): value for key, value in state.items()})
    return LoadedModel(model.to(device).eval(), opt, inputs, outputs, payload["features"], payload["seeds"])
