"""The sequences to generate for: their ids, and where their files are."""

import logging
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from feature_extraction import store
from feature_extraction.mirroring import original_id
from feature_extraction.npz import names_in_npz
from registry import nearest

log = logging.getLogger(__name__)

ARRAY_ENDINGS = (".npz", ".npy")
"""Endings of files that hold a sequence's features themselves."""


@dataclass(frozen=True)
class Recording:
    """A sequence of a corpus, or a file of one's own (then `data_dir` is None)."""

    sequence_id: str
    data_dir: Path | None
    raw: Mapping[str, Path]
    """Source ("audio", "motion", "text") -> raw file."""
    arrays: Path | None = None
    """A file of features: npz with X (of the sound) and perhaps Y (of the motion), or npy of X alone."""


def find_recordings(
    name: str,
    data_dir: Path | None,
    modalities: Iterable[str] = (),
    audio_format: str = "",
    text_folder: Path | None = None,
) -> list[Recording]:
    """The recordings of a folder, if `name` is the path of one, else the one of `find_recording`.

    Args:
        name: sequence id, sound file, file of features, or folder.
        data_dir: folder of the corpus.
        modalities: a sequence may also be known by its stored arrays of these alone.
        audio_format: ending that says which sound file to use where a sequence has several.
        text_folder: where transcripts are, by the name of the recording or else by the number in it.

    Raises:
        FileNotFoundError: if there is no such file or folder, or nothing in it.
        LookupError: if the corpus has no such sequence; the message has the nearest ids.
        ValueError: if the path of a file has another ending than the one asked for.
    """
    folder = Path(name)
    if folder.is_dir():
        found = _in_folder(folder, audio_format)
    else:
        found = [find_recording(name, data_dir, modalities, audio_format)]
    return [_with_transcript(each, text_folder) for each in found] if text_folder else found


def find_recording(
    name: str, data_dir: Path | None, modalities: Iterable[str] = (), audio_format: str = ""
) -> Recording:
    """The recording that a sequence id of `data_dir`, or the path of a file, names; see `find_recordings`."""
    path = Path(name)
    if path.suffix.lower() in (*store.SUFFIXES["audio"], *store.SUFFIXES["motion"], *ARRAY_ENDINGS):
        if audio_format and path.suffix.lower() != f".{audio_format.lower().removeprefix('.')}":
            raise ValueError(f"--audio_format {audio_format} is for sequences and folders, and {path} is a file")
        return _of_file(path)
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
        files["audio"] = data_dir / f"{original or name}.{audio_format.removeprefix('.')}"
        if not files["audio"].is_file():
            raise FileNotFoundError(f"there is no {files['audio']}; leave --audio_format out, or name another")
    return Recording(name, data_dir, files)


def _of_file(path: Path) -> Recording:
    source = next((source for source in store.RECORDED if path.suffix.lower() in store.SUFFIXES[source]), "")
    if not path.is_file():
        kind = {"audio": "sound file", "motion": "motion file"}.get(source, "file of features")
        raise FileNotFoundError(f"there is no {kind} {path}")
    text = _transcripts(path.parent).get(path.stem)
    raw = ({source: path} if source else {}) | ({"text": text} if text else {})
    return Recording(path.stem, None, raw, None if source else path)


def _in_folder(folder: Path, audio_format: str) -> list[Recording]:
    """Each recording with sound, or with features of it; where there is none, each recording."""
    raw = store.find_raw(folder)
    if audio_format:
        raw = {name: files for name, files in raw.items() if (folder / f"{name}.{audio_format.lstrip('.')}").is_file()}
    names = [name for name, files in raw.items() if "audio" in files] or list(raw)
    found = [find_recording(name, folder, audio_format=audio_format) for name in names]
    found += [_of_file(path) for path in sorted(folder.glob("*.npz")) if _holds_features(path)]
    if not found:
        endings = f".{audio_format}" if audio_format else " ".join(store.SUFFIXES["audio"])
        raise FileNotFoundError(f"there is nothing to generate for in {folder}; it needs files ending in {endings}")
    return found


def _holds_features(path: Path) -> bool:
    """Whether an npz file has the array X."""
    return zipfile.is_zipfile(path) and "X" in names_in_npz(path)


def _with_transcript(recording: Recording, folder: Path) -> Recording:
    """The recording with its transcript in a folder: by the same name, or the only one with the same number."""
    found = _transcripts(folder)
    number = re.search(r"\d+$", recording.sequence_id)
    alike = [path for name, path in found.items() if number and re.search(rf"(?<!\d)0*{int(number[0])}$", name)]
    text = found.get(recording.sequence_id) or (alike[0] if len(alike) == 1 else None)
    rest = {source: path for source, path in recording.raw.items() if source != "text"}
    return replace(recording, raw=rest | ({"text": text} if text else {}))


def _transcripts(folder: Path) -> dict[str, Path]:
    """Name -> transcript of a folder; the ending that comes first in `store.SUFFIXES` counts."""
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder of transcripts {folder}")
    endings = store.SUFFIXES["text"]
    files = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in endings and path.name[0] != "."]
    files.sort(key=lambda path: endings.index(path.suffix.lower()), reverse=True)
    return {path.stem: path for path in files}
