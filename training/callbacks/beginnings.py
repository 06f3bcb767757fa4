"""The beginnings of recorded sequences as a model has them go on, for the callbacks that show and measure motion."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from feature_extraction.feature import Feature, find_extractor
from inference.sampler import autoregress
from models.base_model import BaseModel
from training.datasets.base_dataset import BaseDataset


def decodable(features: Mapping[str, Feature]) -> dict[str, Feature]:
    """Those of the features that arrays can be turned back into motion by."""
    return {
        name: feature
        for name, feature in features.items()
        if any(find_extractor(each["name"]).reversible for each in feature.extractors)
    }


def shown_outputs(model: BaseModel, features: Mapping[str, Feature]) -> list[str]:
    """The outputs of a model that are motion by these features; none of a model that does not generate."""
    return [window.modality for window in model.outputs if model.generates and window.modality in features]


def dance_beginnings(
    model: BaseModel, dataset: BaseDataset, ids: Sequence[str], most: int, seed: int = 0, temperature: float = 1.0
) -> dict[str, np.ndarray]:
    """Dance the beginnings of these sequences, all at once, from their own motion on.

    Args:
        model: what dances; it stays in the mode that it is in.
        dataset: where the sequences come from.
        ids: which they are.
        most: frames to give, fewer where one of the sequences is shorter.
        seed: of what is random in the first one; each has its own.
        temperature: scale of the randomness.

    Returns:
        The values of each output, {modality: (sequences, frames, dim)}.
    """
    sequences = [{name: np.array(each) for name, each in dataset.sequence(one).items()} for one in ids]
    windows = {window.modality: window for window in model.inputs}
    singles = {name for name, window in windows.items() if window.single}
    shortest = min(len(each) for one in sequences for name, each in one.items() if name not in singles)
    stacked = {
        name: np.stack([one[name][: 1 if name in singles else shortest] for one in sequences]) for name in sequences[0]
    }
    seeds = {name: stacked[name][:, : windows[name].length] for name in model.feedback}
    given = {name: stacked[name] for name in windows if name not in seeds}
    generators = [torch.Generator("cpu").manual_seed(seed + row) for row in range(len(ids))]
    frames = min(most, shortest)
    made = autoregress(model, given, seeds, frames=frames, temperature=temperature, generator=generators)
    return {name: values.cpu().numpy() for name, values in made.items()}
