"""One data folder of several: their recordings, transcripts and split lists; features are extracted anew."""

import logging
import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from feature_extraction.feature import few
from feature_extraction.store import SPLITS, TEMPORARY_PREFIX, find_raw, read_split, save_splits, split_path

log = logging.getLogger(__name__)


def combine(output: Path, folders: Sequence[Path], *, prefix: bool = False, copy: bool = False) -> dict[str, list[str]]:
    """Make the folder `output` of others, which are not changed; give its split lists, {} where they have none.

    The files are symbolic links, or with `copy` copies; with `prefix` each id begins with the name of its folder. The
    new folder appears when it is complete. ValueError where two sequences would have one name, only some folders have
    lists, or there is something at `output`.
    """
    if output.exists() and not (output.is_dir() and not any(output.iterdir())):
        raise ValueError(f"{output} is there already; give the name of a new folder")
    if around := [folder for folder in folders if output.resolve().is_relative_to(folder.resolve())]:
        raise ValueError(f"{output} lies in {around[0]}, which is not to be changed; give a folder elsewhere")
    beginnings = {folder: f"{folder.resolve().name.lstrip('.')}_" if prefix else "" for folder in folders}
    files = _joined_files(folders, beginnings)
    lists = _joined_lists(beginnings)
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
        os.replace(unfinished, output)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return lists


def split_lists(data_dir: Path) -> dict[str, list[str]]:
    """Give the split lists that are there: {"train": ids, ...}."""
    return {split: read_split(data_dir, split) for split in SPLITS if split_path(data_dir, split).exists()}


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
