"""What a checkpoint carries beside the weights, so that nothing else is needed to generate with it."""

import argparse
import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from feature_extraction.feature import Feature
from models.base_model import BaseModel
from training.datasets.base_dataset import BaseDataset


def load_features(data_dir: Path, modalities: Iterable[str]) -> dict[str, Feature]:
    """The descriptions of those modalities that feature extraction made; other arrays have none."""
    return {
        name: Feature.load(data_dir, name)
        for name in dict.fromkeys(modalities)
        if (data_dir / f"{name}.json").is_file()
    }


def make_payload(
    opt: argparse.Namespace, model: BaseModel, dataset: BaseDataset, features: dict[str, Feature]
) -> dict[str, Any]:
    """Options, windows, features and seed motion as plain dicts, lists and numbers."""
    return {
        "opt": plain(vars(opt)),
        "inputs": [dataclasses.asdict(window) for window in model.inputs],
        "outputs": [dataclasses.asdict(window) for window in model.outputs],
        "features": {name: feature.to_dict() for name, feature in features.items()},
        "seeds": seed_motion(model, dataset),
    }


def seed_motion(model: BaseModel, dataset: BaseDataset) -> dict[str, list[list[float]]]:
    """What motion begins with, as long as the context of each modality that is fed back.

    Windows whose padding stands before a sequence have learned to begin with that; others have the beginning of the
    first training sequence.
    """
    arrays = dataset.sequence(dataset.sequence_ids[0])
    windows = {window.modality: window for window in model.inputs if window.modality in model.feedback}
    return {
        modality: [list(window.padding)] * window.length
        if window.padding
        else arrays[modality][: window.length].tolist()
        for modality, window in windows.items()
    }


def plain(value: Any) -> Any:
    """The value with paths as text and tuples as lists."""
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value if isinstance(value, bool | int | float | str | None) else str(value)
