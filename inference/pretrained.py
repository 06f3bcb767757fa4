"""Trained models as files: a checkpoint of training, or a folder that can be shared.

The folder of a shared model holds `model.safetensors` (the weights), `config.json` (options and windows),
`features/` (how sound becomes numbers, and numbers become motion: as in the folder of a run), `seeds.safetensors` (what
motion begins with) and `README.md`, the model's card. In three lines:

    from inference.pretrained import load_pretrained
    performer = load_pretrained("path/to/model", num_samples=3)
    motions = performer.motions("song.wav")
"""

import argparse
import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from feature_extraction import store
from feature_extraction.feature import Feature
from feature_extraction.recipe import without_folders
from inference.performer import Performer
from inference.settings import Settings
from models import LoadedModel, build_model, load_model
from models.windows import Window

WEIGHTS, SEEDS, CONFIG, CARD, FEATURES = (
    "model.safetensors",
    "seeds.safetensors",
    "config.json",
    "README.md",
    "features",
)
FORMAT = "terpsichore 1"
"""What `config.json` says that it is."""


def load_pretrained(path: str | Path, device: str = "cpu", **settings: Any) -> Performer:
    """A trained model, ready to generate, of a checkpoint file or the folder of a shared model.

    `settings` are those of `Settings`: num_samples, temperature, seed, ... FileNotFoundError, ValueError: nothing is
    there, or something else.
    """
    return Performer(load_trained(path, device), Settings(device=device, **settings))


def is_shared(folder: Path) -> bool:
    """Whether this is the folder of a shared model."""
    return (folder / CONFIG).is_file()


def load_trained(path: str | Path, device: str = "cpu") -> LoadedModel:
    """Read a checkpoint file or the folder of a shared model; nothing in either is executed."""
    if not Path(path).is_dir():
        return load_model(path, device)
    folder = Path(path)
    if not is_shared(folder):
        raise FileNotFoundError(f"{folder} holds no model: there is no {CONFIG} in it")
    config = store.load_json(folder / CONFIG)
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise ValueError(f"{folder / CONFIG} is not of the format {FORMAT!r}; export the model again")
    opt = argparse.Namespace(**config["options"])
    inputs = tuple(Window(**each) for each in config["inputs"])
    outputs = tuple(Window(**each) for each in config["outputs"])
    model = build_model(opt, inputs, outputs, _read_tensors(folder / WEIGHTS), str(folder))
    names = [store.plain_name(name, CONFIG) for name in config["features"]]
    features = {name: Feature.load(folder / FEATURES, name).to_dict() for name in names}
    seeds = {name: values.tolist() for name, values in _read_tensors(folder / SEEDS).items()}
    return LoadedModel(model.to(device).eval(), opt, inputs, outputs, features, seeds)


def save_pretrained(loaded: LoadedModel, folder: str | Path, card: str = "") -> list[Path]:
    """Write a model into a folder that can be shared; the paths of its files.

    `card` is the text of its README.md. The folder may be there, but another model in it is not overwritten:
    FileExistsError.
    """
    folder = Path(folder)
    if (folder / CONFIG).exists():
        raise FileExistsError(f"{folder} holds a model already; name another folder, or delete it")
    (folder / FEATURES).mkdir(parents=True, exist_ok=True)
    weights = {name: value.detach().cpu() for name, value in loaded.model.state_dict().items()}
    _write_tensors(folder / WEIGHTS, weights)
    _write_tensors(folder / SEEDS, {name: torch.tensor(values) for name, values in loaded.seeds.items()})
    for each in loaded.features.values():
        feature = Feature.from_dict(each)
        shared = tuple(without_folders(entry) for entry in feature.extractors)
        dataclasses.replace(feature, extractors=shared).save(folder / FEATURES)
    store.save_text(folder / CARD, card)
    config = {
        "format": FORMAT,
        "options": without_folders(vars(loaded.opt)),
        "inputs": [dataclasses.asdict(window) for window in loaded.inputs],
        "outputs": [dataclasses.asdict(window) for window in loaded.outputs],
        "features": list(loaded.features),
    }
    store.save_json(folder / CONFIG, config)  # last, so that where it is, all is
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _read_tensors(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if not path.is_file():
        raise FileNotFoundError(f"{path} is not there, which belongs to the model")
    try:
        return load_file(path)
    except (SafetensorError, ValueError) as error:
        raise ValueError(f"{path} is damaged: {error}") from error


def _write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    from safetensors.torch import save

    with store.atomic_path(path) as temporary:
        # Tensors that share memory are written one by one.
        temporary.write_bytes(save({name: value.clone().contiguous() for name, value in tensors.items()}))
