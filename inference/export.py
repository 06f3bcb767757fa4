"""From a model's numbers to files: scaled and unscaled arrays, and motion in every form that a renderer writes."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import savgol_filter

import registry
from analysis.render.base_renderer import BaseRenderer
from feature_extraction import store
from feature_extraction.feature import Feature, find_extractor
from feature_extraction.motion.resample import resample
from feature_extraction.motion.skeleton import Motion

log = logging.getLogger(__name__)

ARRAYS = "predicted_mods"
SMOOTHING_WINDOW, SMOOTHING_ORDER = 9, 3


@dataclass(frozen=True)
class Result:
    """What was generated for one sequence."""

    sequence_id: str
    samples: Sequence[Mapping[str, np.ndarray]]
    """For each sample: modality -> (frames, dim) scaled values."""
    decodings: Mapping[str, list[dict[str, Any]] | None] = field(default_factory=dict)
    """Modality -> what decoding needs to know of this sequence."""
    audio: Path | None = None
    truth: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Modality -> (frames, dim) scaled values of the recording, to be shown beside the samples."""


def export(
    result: Result,
    features: Mapping[str, Feature],
    folder: Path,
    renderers: Sequence[str],
    *,
    title: str = "",
    fps: float = 0.0,
    progress: Callable[[str, int, int], object] | None = None,
) -> list[Path]:
    """Write the arrays and what the renderers make of them; the paths of the files.

    Args:
        result: what was generated.
        features: modality -> how it was made; of a modality without one only the values are written.
        folder: files go to `predicted_mods`, and each renderer's to its own folder, below it.
        renderers: short names, as the registry knows them.
        title: what a picture says about itself.
        fps: frame rate of the motions; 0 for that of the values.
        progress: called with a file's name and how many of its frames are finished, of how many.

    Raises:
        ValueError: if values are not finite.
        LookupError: if there is no such renderer.
    """
    makers: list[BaseRenderer] = [registry.find("renderer", name)() for name in renderers]
    names = _names(result.sequence_id, len(result.samples))
    written = []
    for name, sample in zip(names, result.samples, strict=True):
        for modality, values in sample.items():
            written += _write_arrays(folder / ARRAYS, name, modality, values, features.get(modality))
    moving = [modality for modality in result.samples[0] if _is_motion(features.get(modality))]
    for modality in moving:
        feature, own = features[modality], result.decodings.get(modality)
        motions = [_decoded(feature, sample[modality], own, fps) for sample in result.samples]
        truth = [_decoded(feature, result.truth[modality], own, fps)] if modality in result.truth else []
        ending = f".{modality}" if len(moving) > 1 else ""
        for maker in makers:
            for stem, shown, captions in _files(maker, result.sequence_id, names, motions, truth):
                file = f"{stem}{ending}{maker.suffix}"
                done = partial(progress, file) if progress else None
                path = folder / maker.folder / file
                written.append(
                    maker.render(path, shown, names=captions, title=title, audio=result.audio, progress=done)
                )
    return written


def smoothed(values: np.ndarray) -> np.ndarray:
    """Savitzky-Golay smoothing of (frames, dim) values over time, window 9 and order 3.

    The window shrinks for shorter sequences; up to 4 frames stay as they are, being cubics already.
    """
    window = min(SMOOTHING_WINDOW, len(values) - (len(values) + 1) % 2)
    if window <= SMOOTHING_ORDER:
        return values
    return savgol_filter(values, window, SMOOTHING_ORDER, axis=0).astype(values.dtype)


def _names(sequence_id: str, samples: int) -> list[str]:
    return [sequence_id] if samples == 1 else [f"{sequence_id}.sample{number}" for number in range(1, samples + 1)]


def _write_arrays(folder: Path, name: str, modality: str, values: np.ndarray, feature: Feature | None) -> list[Path]:
    """Write `<name>.<modality>.npy` as the model gave it, and the unscaled columns under the name of theirs."""
    finite = np.isfinite(values).all(axis=-1)
    if not finite.all():
        raise ValueError(
            f"{modality} of {name} is not finite from frame {int(np.argmin(finite))} on: the model has diverged; "
            "generate with a lower --temperature, or train it longer at a lower learning rate"
        )
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {modality: values}
    if feature is not None:
        arrays[feature.base] = feature.restore(values).astype(np.float32)
    paths = []
    for array_name, array in arrays.items():
        paths.append(store.feature_path(folder, name, array_name))
        store.save_array(paths[-1], array)
    return paths


def _decoded(feature: Feature, values: np.ndarray, own: list[dict[str, Any]] | None, fps: float) -> Motion:
    motion = feature.decode(values, own)
    return resample(motion, fps) if fps else motion


def _is_motion(feature: Feature | None) -> bool:
    """Whether a feature can be turned back into motion."""
    return feature is not None and any(find_extractor(each["name"]).reversible for each in feature.extractors)


def _files(
    maker: BaseRenderer, sequence_id: str, names: Sequence[str], motions: Sequence[Motion], truth: Sequence[Motion]
) -> list[tuple[str, Sequence[Motion], Sequence[str]]]:
    """File name, motions and captions of each file that a renderer writes; a motion alone needs no caption."""
    if not maker.compares:
        return [(name, [motion], [""]) for name, motion in zip(names, motions, strict=True)]
    captions = [f"sample {number}" for number in range(1, len(motions) + 1)]
    if len(motions) == 1:
        captions = ["generated" if truth else ""]
    return [(sequence_id, [*truth, *motions], ["recorded"] * len(truth) + captions)]
