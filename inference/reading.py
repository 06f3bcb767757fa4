"""The arrays that a model reads of a recording: stored ones, or made of its files with the model's own features."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from feature_extraction import store
from feature_extraction.align import pair_frames
from feature_extraction.arrays import recipe_hash
from feature_extraction.audio import Audio, read_audio, working_rate
from feature_extraction.feature import Feature, feature_files, few
from feature_extraction.motion.bvh import read_bvh
from feature_extraction.npz import read_npz
from feature_extraction.reading import digest, expected_file
from feature_extraction.recipe import recipe_of
from feature_extraction.text.formats import read_transcript
from feature_extraction.text.transcript import Transcript
from inference.recording import Recording
from models.windows import Window
from registry import nearest

log = logging.getLogger(__name__)

SILENT_PEAK = 1e-4  # of full scale: sound that never gets louder is silence
KEYS = {"audio": "X", "motion": "Y"}
"""What the arrays of a source are called in a file of features."""


def read_feature(recording: Recording, window: Window, feature: Feature | None) -> np.ndarray | None:
    """A recording's (frames, dim) array of a window's modality, scaled as the model wants it; None if there is none.

    Stored arrays are scaled anew with the model's own scaler. Where nothing is stored, or only what was made otherwise
    than the model's, the raw file is extracted.

    Args:
        recording: whose.
        window: what the model wants.
        feature: how the model's corpus made it; None where it was not extracted, a label say.

    Raises:
        ValueError: if a file cannot be read or is shorter than a frame, or holds other features than the model's.
    """
    found = _stored(recording, window, feature)
    if found is None and feature is not None and feature.source in {*recording.raw, "label"}:
        found = str(recording.raw.get(feature.source, recording.sequence_id)), _extracted(recording, feature)
    if found is None:
        return None
    file, values = found
    _check(file, values, window)
    return values


def read_class(name: str, window: Window, feature: Feature | None) -> np.ndarray:
    """The (1, 1) number of a class by its name, or by itself; LookupError with the nearest names if there is none."""
    states = [each.get("state") or {} for each in feature.extractors] if feature is not None else []
    classes = [each for state in states for each in state.get("classes", ())]
    if name not in classes and not (name.isdecimal() and int(name) < window.num_tokens):
        hint = nearest(name, classes) or f"there are: {', '.join(classes) or f'0 to {window.num_tokens - 1}'}"
        raise LookupError(f"there is no class {name!r} of {window.modality}; {hint}")
    return np.array([[classes.index(name) if name in classes else int(name)]], dtype=np.int64)


def decoding(recording: Recording, feature: Feature) -> list[dict[str, Any]] | None:
    """What decoding needs to know of this recording's own skeleton; None where the corpus's stands in."""
    return feature.sequence_decoding(recording.data_dir, recording.sequence_id) if recording.data_dir else None


def _extracted(recording: Recording, feature: Feature) -> np.ndarray:
    """The array made of a raw file, or of the name."""
    if feature.source == "label":
        try:
            return feature.encode(recording.sequence_id)
        except LookupError as error:
            raise LookupError(f"{error.args[0]}; name one with --labels {feature.name},CLASS") from error
    path = recording.raw[feature.source]
    if feature.source == "motion":
        return feature.encode(read_bvh(path))
    if feature.source == "text":
        frames = _frames_of_arrays(recording) or pair_frames(recording.raw, "text", feature.fps)
        return feature.encode(read_transcript(path), frames)
    return feature.encode(_sound(path, feature.fps))


def _stored(recording: Recording, window: Window, feature: Feature | None) -> tuple[str, np.ndarray] | None:
    """File and array of what is stored: the unscaled values, if they are made as the feature's, else the scaled."""
    if recording.arrays is not None:
        return _of_arrays(recording.arrays, feature)
    if recording.data_dir is None:
        return None
    if feature is not None:
        sidecar = store.sidecar_path(recording.data_dir, recording.sequence_id, feature.base)
        unscaled = store.feature_path(recording.data_dir, recording.sequence_id, feature.base)
        if unscaled.is_file() and sidecar.is_file():
            values = _of_sidecar(recording, unscaled, store.load_json(sidecar), feature)
            return None if values is None else (str(unscaled), values)
    path = store.feature_path(recording.data_dir, recording.sequence_id, window.modality)
    return (str(path), np.array(store.load_array(path))) if path.is_file() else None


def _of_sidecar(recording: Recording, path: Path, made: Mapping[str, Any], feature: Feature) -> np.ndarray | None:
    """Stored unscaled values, scaled; None if they are made otherwise and the raw file is to be extracted.

    A transcript that was taken for silence is silence again. ValueError where there is no file to extract.
    """
    if not (difference := _difference(recording, path, made, feature)):
        return feature.scale(feature.select(store.load_array(path)))
    what, how = difference
    if feature.source in {*recording.raw, "label"}:
        log.warning("%s; the raw file is extracted", what)
        return None
    if made.get("source_hash") == digest(expected_file(recording.sequence_id, "text")):
        return feature.encode(Transcript(), made["frames"])
    raise ValueError(
        f"{what} ({how}), and there is no {feature.source} file to make {feature.name} of; "
        "extract the folder with the features of the model's run, --from_experiment"
    )


def _difference(recording: Recording, path: Path, made: Mapping[str, Any], feature: Feature) -> tuple[str, str] | None:
    """What parts stored values from the feature's, and how; None if they are made alike."""
    columns, wanted = made.get("columns", ()), feature.all_columns
    if tuple(columns) != wanted:
        odd = few(sorted(set(columns) ^ set(wanted))) or "their order"
        what = f"{path.name} has {len(columns)} columns, the model was trained on {len(wanted)}"
        return what, f"they differ in {odd}"
    if not _made_alike(recording, made, feature):
        how = "with other parameters, another vocabulary or another version of an extractor"
        return f"{path.name} is made otherwise than what the model was trained on", how
    return None


def _made_alike(recording: Recording, made: Mapping[str, Any], feature: Feature) -> bool:
    """Whether an array was made as the feature's: in the folder that it was fitted in, or else by the same recipe."""
    if made.get("recipe_hash") is None or _is_fitted_here(recording, feature):
        return True
    recipe = recipe_of(feature.base, feature.source, feature.extractors, feature.fps)
    return made["recipe_hash"] in {recipe_hash(recipe, mirrored) for mirrored in (False, True)}


def _is_fitted_here(recording: Recording, feature: Feature) -> bool:
    """Whether a folder's feature is the model's own, and the sequence has its final array, which goes with its base."""
    folder = recording.data_dir or Path()
    description = feature_files(folder, feature.name)[0]
    if not (description.is_file() and store.feature_path(folder, recording.sequence_id, feature.name).is_file()):
        return False
    fitted = feature.provenance.get("fit_hash")
    return fitted is not None and store.load_json(description).get("provenance", {}).get("fit_hash") == fitted


def _of_arrays(path: Path, feature: Feature | None) -> tuple[str, np.ndarray] | None:
    """X or Y of a file of features. Of X with a context axis, (frames, context, dim), the middle is the frame's."""
    key = KEYS.get(feature.source if feature is not None else "", "")
    content = _load(path)
    if not key or key not in content:
        return None
    values = content[key]
    if values.ndim == 3:
        values = values[:, values.shape[1] // 2]
    if feature is None or values.ndim != 2:
        return f"{key} of {path}", values
    width = len(feature.all_columns)
    if values.shape[1] == width:
        values = feature.select(values)
    if values.shape[1] != len(feature.columns):
        raise ValueError(
            f"{key} of {path} is {content[key].shape}; {feature.name} has {len(feature.columns)} columns"
            + (f", or {width} with the constant ones" if width > len(feature.columns) else "")
        )
    return f"{key} of {path}", feature.scale(values)


def _load(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file of features by their names; ValueError if it is none."""
    if path.suffix.lower() == ".npy":
        return {KEYS["audio"]: np.array(store.load_array(path))}
    try:
        return read_npz(path, KEYS.values())
    except ValueError as error:
        raise ValueError(f"{path} is no file of features with the arrays X and Y: {error.__cause__}") from error


def _frames_of_arrays(recording: Recording) -> int:
    return len(_load(recording.arrays).get(KEYS["audio"], ())) if recording.arrays else 0


def _check(file: str, values: np.ndarray, window: Window) -> None:
    """ValueError for an array that is not what the model was trained on."""
    if values.ndim != 2 or values.shape[1] != window.width:
        raise ValueError(
            f"{file} gives {window.modality} the shape {values.shape}, the model wants (frames, {window.width}): it is "
            "another set of features; extract the folder with those of the model's run, --from_experiment"
        )
    if not len(values):
        raise ValueError(f"{file} has no frames of {window.modality}")
    if window.discrete and not 0 <= values.min() <= values.max() < window.num_tokens:
        raise ValueError(f"{file} has tokens {values.min()} to {values.max()}; the model knows {window.num_tokens}")
    finite = np.isfinite(values).all(axis=1)
    if not finite.all():
        raise ValueError(f"{file} gives {window.modality} a value that is not finite, in frame {int(finite.argmin())}")


def _sound(path: Path, fps: float) -> Audio:
    audio = read_audio(path, working_rate(fps)[0])
    if audio.duration_s < 1 / fps:
        raise ValueError(f"{path} lasts {audio.duration_s:.4f} s, less than one frame ({1 / fps:.4f} s)")
    if np.abs(audio.samples).max() < SILENT_PEAK:
        log.warning("%s is silent: the motion will follow nothing", path)
    return audio
