"""Models: find one by name, build it, load it from a checkpoint."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import registry
from models.windows import Window

if TYPE_CHECKING:
    from torch import Tensor

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
    """Build the model that ``opt.model`` names, with fresh weights, for these windows.

    An option that the model declares and ``opt`` lacks, having been saved before there was such an option, gets its
    default.
    """
    model = find_model(opt.model)
    parser = argparse.ArgumentParser(add_help=False)
    model.modify_commandline_options(parser.add_argument_group())
    return model(argparse.Namespace(**vars(parser.parse_args([])) | vars(opt)), inputs, outputs)


def build_model(
    opt: argparse.Namespace,
    inputs: Sequence[Window],
    outputs: Sequence[Window],
    weights: "Mapping[str, Tensor]",
    source: str,
) -> "BaseModel":
    """Build a model and give it its weights; ValueError naming their source if they are not those of this model.

    They are compared with a model that takes no memory first: options tell of any size, and weights are there.
    """
    import torch

    try:
        with torch.device("meta"):
            outline = create_model(opt, inputs, outputs)
        outline.load_state_dict({name: value.to("meta") for name, value in weights.items()})
    except RuntimeError as error:  # a size that no tensor can have, or other weights
        reason = " ".join(str(error).split())[:300]
        raise ValueError(f"the weights of {source} do not fit the model {opt.model}: {reason}") from error
    model = create_model(opt, inputs, outputs)
    model.load_state_dict(dict(weights))
    return model


@contextmanager
def read_as_checkpoint(path: str | Path) -> Iterator[None]:
    """ValueError for whatever a damaged, foreign or malicious file makes its reader raise; FileNotFoundError stays."""
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:  # torch does not say what it raises
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise ValueError(f"{path} is damaged or no checkpoint of this project: {reason}") from error


def load_model(checkpoint: str | Path, device: str = "cpu") -> LoadedModel:
    """Read a checkpoint of training: the model in eval mode on the device, its options, windows, features and seeds.

    Nothing in the file is executed. ValueError if it is no checkpoint of this project.
    """
    import torch

    path = Path(checkpoint)
    if not path.is_file():
        raise FileNotFoundError(f"there is no checkpoint {path}; name a .ckpt file, or train first")
    with read_as_checkpoint(path):
        # Memory-mapped, what the optimiser has stored is not read.
        content = torch.load(path, map_location="cpu", mmap=True, weights_only=True)
        payload, state = content["terpsichore"], content["state_dict"]
        opt = argparse.Namespace(**payload["opt"])
        inputs, outputs = (tuple(Window(**each) for each in payload[side]) for side in ("inputs", "outputs"))
        features, seeds = payload["features"], payload["seeds"]
    weights = {key.removeprefix("model."): value for key, value in state.items()}
    model = build_model(opt, inputs, outputs, weights, str(path))
    return LoadedModel(model.to(device).eval(), opt, inputs, outputs, features, seeds)
