"""From a model's numbers to files: scaled and unscaled arrays, and motion in every form that a renderer writes."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import registry
from analysis.render.base_renderer import BaseRenderer
from feature_extraction import store
from feature_extraction.feature import Feature, find_extractor
from feature_extraction.motion.skeleton import Motion
from inference.postprocessing import Finish

log = logging.getLogger(__name__)

ARRAYS_FOLDER = "predicted_mods"


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
    **appearance: Any,
) -> list[Path]:
    """Write the arrays, below `folder` in `predicted_mods`, and what `render` writes; the paths of the files.

    Beside the arrays lies how the sequence decodes, where it has its own way. Of a modality without a feature only the
    values are written. ValueError if values are not finite.
    """
    written = []
    for name, sample in zip(_names(result.sequence_id, len(result.samples)), result.samples, strict=True):
        for modality, values in sample.items():
            feature, own = features.get(modality), result.decodings.get(modality)
            written += _write_arrays(folder / ARRAYS_FOLDER, name, modality, values, feature)
            if feature is not None:
                _write_decoding(folder / ARRAYS_FOLDER, name, feature, own)
    return written + render(result, features, folder, renderers, **appearance)


def render(
    result: Result,
    features: Mapping[str, Feature],
    folder: Path,
    renderers: Sequence[str],
    *,
    title: str = "",
    finish: Finish | None = None,
    size: tuple[int, int] | None = None,
    progress: Callable[[str, int, int], object] | None = None,
) -> list[Path]:
    """Decode the arrays and write what the renderers make of them; the paths of the files.

    Args:
        result: what was generated.
        features: modality -> how it was made; modalities that cannot be turned back into motion are left out.
        folder: each renderer's files go to its own folder below it.
        renderers: short names, as the registry knows them.
        title: what a picture says about itself.
        finish: what is done to the motions first.
        size: width and height of pictures in pixels; each renderer's own if None.
        progress: called with a file's name and how many of its frames are finished, of how many.

    Raises:
        LookupError: if there is no such renderer.
    """
    finish = finish or Finish()
    makers: list[BaseRenderer] = [registry.find("renderer", name)() for name in renderers]
    names = _names(result.sequence_id, len(result.samples))
    written = []
    moving = [modality for modality in result.samples[0] if is_motion(features.get(modality))]
    for modality in moving:
        feature, own = features[modality], result.decodings.get(modality)
        motions = [finish.generated(feature.decode(sample[modality], own)) for sample in result.samples]
        truth = [finish.recorded(feature.decode(result.truth[modality], own))] if modality in result.truth else []
        ending = f".{modality}" if len(moving) > 1 else ""
        for maker in makers:
            for stem, shown, captions in _files(maker, result.sequence_id, names, motions, truth):
                file = f"{stem}{ending}{maker.suffix}"
                done = partial(progress, file) if progress else None
                path = folder / maker.folder / file
                texts: dict[str, Any] = {"names": captions, "title": title}
                written.append(maker.render(path, shown, audio=result.audio, size=size, progress=done, **texts))
    return written


def is_motion(feature: Feature | None) -> bool:
    """Whether a feature can be turned back into motion."""
    return feature is not None and any(find_extractor(each["name"]).reversible for each in feature.extractors)


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


def _write_decoding(folder: Path, name: str, feature: Feature, own: list[dict[str, Any]] | None) -> None:
    """Write what decoding needs besides the arrays where extraction does; what is there of another sequence goes."""
    path = store.sidecar_path(folder, name, feature.base)
    if own is None:
        path.unlink(missing_ok=True)
    else:
        store.save_json(path, {"columns": list(feature.all_columns), "decoding": own})


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
