"""One data folder of several: their recordings, transcripts, lists and classes; features are extracted anew."""

import logging
import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from feature_extraction.feature import few
from feature_extraction.label_features import LABELS, read_labels, save_labels
from feature_extraction.store import (
    MARKER,
    SPLITS,
    TEMPORARY_PREFIX,
    find_raw,
    load_json,
    read_split,
    save_json,
    save_splits,
    split_path,
)

log = logging.getLogger(__name__)

ORIGINS = "origins.json"
"""The file that says which corpora a folder was made of, whose terms its recordings are under."""


def combine(output: Path, folders: Sequence[Path], *, prefix: bool = False, copy: bool = False) -> dict[str, list[str]]:
    """Make the folder `output` of others, which are not changed; give its split lists, {} where they have none.

    The files are symbolic links, or with `copy` copies; with `prefix` each id begins with the name of its folder. The
    classes in labels.csv are joined, and origins.json says which corpora they are of. The new folder appears when it is
    complete. ValueError where two sequences would have one name, only some folders have lists, or there is something at
    `output`.
    """
    if output.exists() and not (output.is_dir() and not any(output.iterdir())):
        raise ValueError(f"{output} is there already; give the name of a new folder")
    if around := [folder for folder in folders if output.resolve().is_relative_to(folder.resolve())]:
        raise ValueError(f"{output} lies in {around[0]}, which is not to be changed; give a folder elsewhere")
    beginnings = {folder: f"{folder.resolve().name.lstrip('.')}_" if prefix else "" for folder in folders}
    files = _joined_files(folders, beginnings)
    lists, labels = _joined_lists(beginnings), _joined_labels(beginnings)
    made_of = [each for folder in folders for each in origins(folder)]
    output.parent.mkdir(parents=True, exist_ok=True)
    unfinished = output.resolve().with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}")
    unfinished.mkdir()
    try:
        for name, path in files.items():
            if copy:
                shutil.copyfile(path, unfinished / name)
            else:
                (unfinished / name).symlink_to(path.resolve())
        save_splits(unfinished, lists)
        if labels:
            save_labels(unfinished / LABELS, labels)
        if any(corpus for _, corpus in made_of):
            save_json(unfinished / ORIGINS, {"made_of": made_of})
        os.replace(unfinished, output)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return lists


def split_lists(data_dir: Path) -> dict[str, list[str]]:
    """Give the split lists that are there: {"train": ids, ...}."""
    return {split: read_split(data_dir, split) for split in SPLITS if split_path(data_dir, split).exists()}


def origins(data_dir: Path) -> list[tuple[str, str | None]]:
    """Give each folder that a data folder was combined of, or else itself, with the class of its corpus, if any."""
    if (data_dir / ORIGINS).is_file():
        return [(name, corpus) for name, corpus in load_json(data_dir / ORIGINS)["made_of"]]
    folder = data_dir.resolve()
    markers = [path for path in (folder / MARKER, folder.parent / MARKER) if path.is_file()]
    return [(folder.name, str(load_json(markers[0]).get("corpus")) if markers else None)]


def _joined_files(folders: Sequence[Path], beginnings: Mapping[Path, str]) -> dict[str, Path]:
    """Give each file by its new name."""
    owners: dict[str, Path] = {}
    files: dict[str, Path] = {}
    for folder in folders:
        raw = find_raw(folder)
        if not raw:
            raise FileNotFoundError(f"no recordings in {folder}")
        for sequence_id, sources in raw.items():
            name, owner = beginnings[folder] + sequence_id, folder / sequence_id
            if (other := owners.setdefault(name, owner)) is not owner:
                advice = "rename one of the folders" if beginnings[folder] else "--prefix tells them apart by folder"
                raise ValueError(f"{other} and {owner} would both be {name}; {advice}")
            files |= {name + path.suffix: path for path in sources.values()}
    return files


def _joined_lists(beginnings: Mapping[Path, str]) -> dict[str, list[str]]:
    lists = {folder: split_lists(folder) for folder in beginnings}
    if not any(lists.values()):
        return {}
    if without := [folder for folder, listed in lists.items() if "train" not in listed]:
        raise ValueError(
            f"{without[0]} has no train list and others have; `python -m feature_extraction.corpus_tools split "
            f"{without[0]}` writes one"
        )
    joined: dict[str, list[str]] = {split: [] for split in SPLITS}
    for folder, splits in lists.items():
        raw = find_raw(folder)
        for split, listed in splits.items():
            if unknown := [name for name in listed if name not in raw]:
                log.warning("%s names what is not there: %s", split_path(folder, split), few(unknown))
            joined[split] += [beginnings[folder] + name for name in listed if name in raw]
    return joined


def _joined_labels(beginnings: Mapping[Path, str]) -> dict[str, str]:
    """Give the class of each sequence by its new name, of the folders that have a table."""
    tables = {folder: read_labels(folder / LABELS) for folder in beginnings if (folder / LABELS).is_file()}
    for folder in beginnings.keys() - tables.keys() if tables else ():
        log.warning("%s has no %s: its sequences have no class", folder, LABELS)
    return {
        beginnings[folder] + name: table[name]
        for folder, table in tables.items()
        for name in find_raw(folder)
        if name in table
    }
