"""Where the files of a corpus lie: names, sequence ids, split lists, atomic writing and memory-mapped reading."""

import errno
import json
import logging
import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from feature_extraction.partition import choose

log = logging.getLogger(__name__)

SUFFIXES: dict[str, tuple[str, ...]] = {
    "motion": (".bvh",),
    "audio": (".wav", ".flac", ".ogg", ".mp3"),
    "text": (".json", ".tsv", ".textgrid"),
}
"""File endings of each source; where a sequence has several, the first one counts."""
RECORDED = ("motion", "audio")
"""The sources that make a sequence; a transcript belongs to the recording of its name."""
SOURCES = (*SUFFIXES, "label")
"""What features are made of: files, or the sequence id itself."""
ARRAY_NAME = re.compile(r"(?P<sequence_id>.+)\.(?P<feature>[A-Za-z0-9_-]+_\d+(\.\d+)?)\.npy", re.DOTALL)
SPLITS = ("train", "val", "test")
LONGEST_WRITE_S = 3600.0
"""Where locks do not work, a temporary file this old is nobody's."""
MARKER = "corpus.json"
"""The file that says which corpus a folder holds, or one above its parts, written first."""
TEMPORARY_PREFIX = ".terpsichore-tmp-"


def find_raw(data_dir: Path) -> dict[str, dict[str, Path]]:
    """Give the raw files of each sequence: {sequence_id: {"motion": path, "audio": path, "text": path}}, sorted by id.

    A sequence id is a file name without its last ending; it may hold dots and spaces. Hidden files are not looked at,
    and of .json, .tsv and .TextGrid files only those that share their name with a recording. FileNotFoundError when
    there is no such folder.
    """
    rank = {suffix: (source, place) for source, group in SUFFIXES.items() for place, suffix in enumerate(group)}
    found: dict[str, dict[str, Path]] = {}
    files = [path for path in _files(data_dir) if path.suffix.lower() in rank]
    for path in sorted(files, key=lambda path: (path.stem, rank[path.suffix.lower()], path.name)):
        source, _ = rank[path.suffix.lower()]
        kept = found.setdefault(path.stem, {}).setdefault(source, path)
        if kept is not path:
            log.warning("%s is not used: %s is there as well", path.name, kept.name)
    return {name: files for name, files in found.items() if not files.keys().isdisjoint(RECORDED)}


def feature_path(data_dir: Path, sequence_id: str, feature: str) -> Path:
    """Give the path of one sequence's array of one feature."""
    return Path(data_dir) / f"{sequence_id}.{feature}.npy"


def sidecar_path(data_dir: Path, sequence_id: str, base: str) -> Path:
    """Give the path of the JSON beside an unscaled array: where it came from and how it decodes."""
    return Path(data_dir) / f"{sequence_id}.{base}.json"


def sequences_with(data_dir: Path, feature: str) -> list[str]:
    """Give the sorted ids of the sequences that have an array of this feature."""
    ending = f".{feature}.npy"
    return sorted(path.name.removesuffix(ending) for path in _files(data_dir) if path.name.endswith(ending))


def find_arrays(data_dir: Path) -> dict[str, dict[str, Path]]:
    """Give the arrays of each sequence: {sequence_id: {feature name: path}}, sorted."""
    found: dict[str, dict[str, Path]] = {}
    for path in sorted(_files(data_dir)):
        if match := ARRAY_NAME.fullmatch(path.name):
            found.setdefault(match["sequence_id"], {})[match["feature"]] = path
    return found


def load_array(path: Path) -> np.ndarray:
    """Open a (frames, dim) array memory-mapped and read-only."""
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise
    except (ValueError, OSError, EOFError) as error:
        raise ValueError(f"{path} is not a readable .npy file ({error}); extract it again") from error


def save_array(path: Path, values: np.ndarray) -> None:
    """Write an array of numbers as .npy, in one step.

    np.save would not notice that the disk is full while the last few thousand bytes are written.
    """
    values = np.ascontiguousarray(values)
    assert not values.dtype.hasobject, "an array of objects is no array of numbers"
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(values))
        file.write(values.data)


def load_json(path: Path) -> Any:
    """Read a JSON file; ValueError naming it when it is not one."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{path} is not valid JSON: {error}") from error


def save_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write a mapping as JSON, in one step, one line for each top-level key; NaN is refused."""
    lines = [f"  {json.dumps(key)}: {json.dumps(value, allow_nan=False)}" for key, value in data.items()]
    save_text(path, "{\n" + ",\n".join(lines) + "\n}\n")


def save_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file, in one step."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Lend a temporary path in the same folder, with the same ending, which becomes `path` when the block succeeds.

    Whoever is killed half-way leaves `path` as it was, and a temporary file that `remove_leftovers` knows. An OSError
    of writing, of a full disk say, names `path`.
    """
    path = Path(path)
    temporary = path.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}{path.suffix}")
    try:
        yield temporary
        _flush(temporary)
        os.replace(temporary, path)
    except OSError as error:
        if error.filename not in (None, str(temporary)):
            raise
        reason = error.strerror or str(error)  # numpy's has no number
        raise OSError(error.errno or errno.EIO, f"{reason}, the file is not written", str(path)) from error
    finally:
        temporary.unlink(missing_ok=True)


def remove_leftovers(folder: Path, older_than_s: float = 0.0) -> int:
    """Delete the temporary files that killed runs left in a folder; give their number."""
    now = time.time()
    leftovers = [
        path for path in Path(folder).glob(f"{TEMPORARY_PREFIX}*") if now - path.stat().st_mtime >= older_than_s
    ]
    for path in leftovers:
        path.unlink(missing_ok=True)
    return len(leftovers)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other runs out of a folder: whoever comes second waits. The lock goes with the process and leaves no file.

    Leftovers of killed runs are removed. On a file system without locks others are not kept out.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        alone = _lock(descriptor, folder)
        remove_leftovers(folder, older_than_s=0.0 if alone else LONGEST_WRITE_S)
        yield
    finally:
        os.close(descriptor)


def split_path(data_dir: Path, split: str) -> Path:
    """Give the path of a split list."""
    return Path(data_dir) / f"base_filenames_{split}.txt"


def read_split(data_dir: Path, split: str, filename: str | None = None) -> list[str]:
    """Give the sequence ids of a split, in the order of its list, each once.

    `filename` names another list than base_filenames_<split>.txt. FileNotFoundError when the list is absent.
    """
    path = Path(data_dir) / filename if filename else split_path(data_dir, split)
    if not path.is_file():
        raise FileNotFoundError(
            f"no split list {path}; `python -m feature_extraction.extract {data_dir}` writes one, "
            "or write it yourself: one sequence id a line"
        )
    lines = path.read_text(encoding="utf-8-sig").split("\n")
    return list(dict.fromkeys(plain_name(line.strip(), str(path)) for line in lines if line.strip()))


def is_empty_split(data_dir: Path, split: str) -> bool:
    """Tell whether a split has no list, or one that names no sequence."""
    return not split_path(data_dir, split).is_file() or not read_split(data_dir, split)


def plain_name(name: str, where: str) -> str:
    """Give a name that files are found by, as it is; ValueError if it is a path, which could lead out of a folder."""
    if not name.strip(".") or any(character in name for character in "/\\\0"):
        raise ValueError(f"{where} names {name!r}, which is a path; a name without folders is wanted")
    return name


def write_splits_if_absent(
    data_dir: Path,
    sequence_ids: Iterable[str],
    *,
    val_regex: str | None = None,
    test_regex: str | None = None,
    seed: int = 0,
) -> list[Path]:
    """Write the split lists that are not there yet; give their paths. A list that is there is never rewritten.

    A regular expression (searched for in the id) says which sequences are in a split; where there is none, a tenth of
    the others is drawn with the seed, at least one (two sequences: train and val; one: train only). The rest is train.
    ValueError when a regular expression contradicts a list that is there.
    """
    ids = sorted(sequence_ids)
    regexes = {"val": val_regex, "test": test_regex}
    wanted = choose(ids, regexes, seed)
    lists = {split: read_split(data_dir, split) for split in SPLITS if split_path(data_dir, split).exists()}
    for split in lists:
        if regexes.get(split) is not None and set(lists[split]) != set(wanted[split]):
            raise ValueError(
                f"{split_path(data_dir, split)} is there and is not what --{split}_regex {regexes[split]!r} gives; "
                "lists are never rewritten: delete the three of them to have new ones"
            )
    if "train" in lists:
        return []
    absent = [split for split in ("val", "test") if split not in lists]
    named = {sequence_id for sequence_ids in lists.values() for sequence_id in sequence_ids}
    lists |= {split: [sequence_id for sequence_id in wanted[split] if sequence_id not in named] for split in absent}
    held_out = {*lists["val"], *lists["test"]}
    lists["train"] = [sequence_id for sequence_id in ids if sequence_id not in held_out]
    return save_splits(data_dir, {split: lists[split] for split in [*absent, "train"]})


def save_splits(data_dir: Path, lists: Mapping[str, Sequence[str]]) -> list[Path]:
    """Write split lists, in place of those that are there; give their paths.

    Train comes last, and an old one goes first: its presence says that the three belong together.
    """
    written = sorted(lists, key="train".__eq__)
    for split in reversed(written):
        split_path(data_dir, split).unlink(missing_ok=True)
    for split in written:
        save_text(split_path(data_dir, split), "".join(f"{sequence_id}\n" for sequence_id in lists[split]))
    return [split_path(data_dir, split) for split in written]


def complete(raw: Mapping[str, Mapping[str, Path]]) -> list[str]:
    """Give the ids of `find_raw` that have each recording that others have: motion and sound, or the one there is."""
    present = {source for files in raw.values() for source in files if source in RECORDED}
    return [sequence_id for sequence_id, files in raw.items() if files.keys() >= present]


def _files(folder: Path) -> list[Path]:
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"no folder {folder}")
    with os.scandir(folder) as entries:
        return [folder / entry.name for entry in entries if entry.is_file() and not entry.name.startswith(".")]


def _lock(descriptor: int, folder: Path) -> bool:
    try:
        import fcntl
    except ImportError:  # not a POSIX system
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        log.warning("waiting for another run to finish with %s", folder)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError:
        return False
    return True


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
