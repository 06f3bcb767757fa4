"""One sequence to generate for: where its files are, and the features that a model reads of it."""

import glob
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from feature_extraction import store
from feature_extraction.align import pair_frames
from feature_extraction.audio import Audio, read_audio, working_rate
from feature_extraction.feature import Feature
from feature_extraction.mirroring import original_id
from feature_extraction.motion.bvh import read_bvh
from feature_extraction.text.formats import read_transcript
from registry import nearest

log = logging.getLogger(__name__)

SILENCE = 1e-4  # of full scale: sound that never gets louder is silence


@dataclass(frozen=True)
class Recording:
    """A sequence of a corpus, or a sound file of one's own (then `data_dir` is None)."""

    sequence_id: str
    data_dir: Path | None
    raw: Mapping[str, Path]
    """Source ("audio", "motion") -> raw file."""


def find_recording(
    name: str, data_dir: Path | None, modalities: Iterable[str] = (), audio_format: str = ""
) -> Recording:
    """The recording that a sequence id of `data_dir`, or the path of a sound file, names.

    Args:
        name: sequence id, or path with the ending of a sound file.
        data_dir: folder of the corpus.
        modalities: a sequence may also be known by its stored arrays of these alone.
        audio_format: ending that says which sound file to use where a sequence has several.

    Raises:
        FileNotFoundError: if there is no such sound file or no folder.
        LookupError: if the corpus has no such sequence; the message has the nearest ids.
    """
    path = Path(name)
    if path.suffix.lower() in store.SUFFIXES["audio"]:
        if not path.is_file():
            raise FileNotFoundError(f"there is no sound file {path}")
        return Recording(path.stem, None, {"audio": path} | _transcript_of(path))
    if data_dir is None or not data_dir.is_dir():
        raise FileNotFoundError(f"no data folder {data_dir} to look for {name} in; give --data_dir, or a sound file")
    raw = store.find_raw(data_dir)
    known = sorted({*raw, *(each for modality in modalities for each in store.sequences_with(data_dir, modality))})
    if name not in known:
        hint = nearest(name, known) or f"there are {len(known)}, {', '.join(known[:5])} among them"
        raise LookupError(f"there is no sequence {name!r} in {data_dir}; {hint}")
    original = original_id(name) if name not in raw else None
    files = {
        source: path for source, path in raw.get(original or name, {}).items() if not (original and source == "motion")
    }
    if audio_format:
        files["audio"] = data_dir / f"{name}.{audio_format.removeprefix('.')}"
        if not files["audio"].is_file():
            raise FileNotFoundError(f"there is no {files['audio']}; leave --audio_format out, or name another")
    return Recording(name, data_dir, files)


def read_feature(recording: Recording, modality: str, feature: Feature | None) -> np.ndarray | None:
    """A recording's (frames, dim) array of one modality, scaled as the model wants it; None where there is none.

    Stored arrays are scaled anew with the model's own scaler. Where nothing is stored the raw file is extracted.

    Args:
        recording: whose.
        modality: the model's name for it.
        feature: how the model's corpus made it; None where it was not extracted, a label say.

    Raises:
        ValueError: if the raw file cannot be read or is shorter than a frame, or has other columns than the model's.
    """
    stored = _stored(recording, modality, feature)
    if stored is not None or feature is None or feature.source not in {*recording.raw, "label"}:
        return stored
    if feature.source == "label":
        return feature.encode(recording.sequence_id)
    path = recording.raw[feature.source]
    if feature.source == "motion":
        return feature.encode(read_bvh(path))
    if feature.source == "text":
        return feature.encode(read_transcript(path), pair_frames(recording.raw, "text", feature.fps))
    return feature.encode(_sound(path, feature.fps))


def decoding(recording: Recording, feature: Feature) -> list[dict] | None:
    """What decoding needs to know of this recording's own skeleton; None where the corpus's stands in."""
    return feature.sequence_decoding(recording.data_dir, recording.sequence_id) if recording.data_dir else None


def _stored(recording: Recording, modality: str, feature: Feature | None) -> np.ndarray | None:
    if recording.data_dir is None:
        return None
    if feature is not None:
        sidecar = store.sidecar_path(recording.data_dir, recording.sequence_id, feature.base)
        unscaled = store.feature_path(recording.data_dir, recording.sequence_id, feature.base)
        if unscaled.is_file() and sidecar.is_file():
            if tuple(store.load_json(sidecar).get("columns", ())) == feature.all_columns:
                return feature.scale(feature.select(store.load_array(unscaled)))
            log.warning("%s has other columns than the model was trained on; the raw file is extracted", unscaled.name)
            return None
    path = store.feature_path(recording.data_dir, recording.sequence_id, modality)
    return np.array(store.load_array(path)) if path.is_file() else None


def _transcript_of(sound: Path) -> dict[str, Path]:
    """The transcript beside a sound file, by source."""
    beside = {path.suffix.lower(): path for path in sound.parent.glob(f"{glob.escape(sound.stem)}.*")}
    found = [beside[ending] for ending in store.SUFFIXES["text"] if ending in beside]
    return {"text": found[0]} if found else {}


def _sound(path: Path, fps: float) -> Audio:
    audio = read_audio(path, working_rate(fps)[0])
    if audio.duration_s < 1 / fps:
        raise ValueError(f"{path} lasts {audio.duration_s:.4f} s, less than one frame ({1 / fps:.4f} s)")
    if np.abs(audio.samples).max() < SILENCE:
        log.warning("%s is silent: the motion will follow nothing", path)
    return audio
