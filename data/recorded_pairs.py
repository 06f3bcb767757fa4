"""Corpora that others have recorded: sound, motion and words in folders of their own, paired by name and linked."""

import logging
import os
import re
from abc import abstractmethod
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from data.base_corpus import BaseCorpus
from feature_extraction.store import SPLITS, SUFFIXES, save_json, save_text, split_path

log = logging.getLogger(__name__)

Files = dict[str, Path]
"""Source ("motion", "audio", "text") -> file."""
REPORT = "pairing.json"
SHOWN = 5
"""How many names a line of the report has at most."""


class RecordedPairs(BaseCorpus):
    """A standard folder, one name for what belongs together, of a recorded corpus as it was downloaded.

    The recordings are looked for in all folders below `source`, or below the corpus's own folder where that is not
    given; they are linked, not copied, and not changed. Files belong together that have the same name, whatever order
    folders list them in. What lacks a partner is told, kept in pairing.json, and left out of the lists that need it.
    """

    last_file = REPORT
    name_pattern: ClassVar[re.Pattern[str]]
    """What the names of the recordings are like, without their endings."""
    layout: ClassVar[str]
    """What the download looks like, for those who name another folder."""

    @abstractmethod
    def split_of(self, name: str) -> str | None:
        """The split that a recording belongs to; None for one that is in no list."""

    def adopts(self, directory: Path) -> bool:
        """Whether the folder may hold other things: it may be the download itself."""
        return self.source in (None, directory) and any(_find(directory, self.name_pattern, directory))

    def write(self, directory: Path, *, seed: int, jobs: int, progress: bool) -> None:
        """Link the recordings, write the split lists that are not there, and say what lacks a partner."""
        source = Path(self.source or directory)
        if not source.is_dir():
            raise FileNotFoundError(f"there is no folder {source}; --source names the one with {self.layout}")
        found = _find(source, self.name_pattern, directory)
        splits = {name: self.split_of(name) for name in found}
        lists = {split: [name for name in found if splits[name] == split] for split in SPLITS}
        usable = {split: [name for name in lists[split] if _is_usable(found[name], split)] for split in SPLITS}
        if not usable["train"]:
            raise FileNotFoundError(f"{source} has no pair of sound and motion to train on; {self.layout} is wanted")
        for name, files in found.items():
            for path in files.values():
                _link(path, directory / f"{name}{path.suffix.lower()}")
        for split, names in usable.items():
            if not split_path(directory, split).exists():
                save_text(split_path(directory, split), "".join(f"{name}\n" for name in names))
        self._report(directory, found, splits)

    def _report(self, directory: Path, found: Mapping[str, Files], splits: Mapping[str, str | None]) -> None:
        without = {
            source: [
                name for name, files in found.items() if source not in files and not _is_test(source, splits[name])
            ]
            for source in SUFFIXES
        }
        without = {source: names for source, names in without.items() if names}
        for source, names in without.items():
            shown = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
            log.warning("%d of %d recordings have no %s: %s", len(names), len(found), source, shown)
        counts = {split: sum(1 for each in splits.values() if each == split) for split in SPLITS}
        log.info("%s: %s", directory, ", ".join(f"{count} {split}" for split, count in counts.items()))
        report = {"without": without, "in_no_list": [name for name, split in splits.items() if split is None]}
        save_json(directory / REPORT, report | {"sources": {name: sorted(files) for name, files in found.items()}})


def _is_test(source: str, split: str | None) -> bool:
    """Whether it is the motion of a test recording, which nobody has before the challenge is over."""
    return source == "motion" and split == "test"


def _is_usable(files: Files, split: str) -> bool:
    return "audio" in files and ("motion" in files or split == "test")


def _find(source: Path, pattern: re.Pattern[str], made: Path) -> dict[str, Files]:
    """The files of each recording, sorted by name; links in the folder that is made do not count.

    ValueError where two files have the same name and kind.
    """
    found: dict[str, Files] = defaultdict(dict)
    for path in sorted(source.rglob("*")):
        kind = next((kind for kind, endings in SUFFIXES.items() if path.suffix.lower() in endings), None)
        if kind is None or not pattern.fullmatch(path.stem) or not path.is_file():
            continue
        if path.is_symlink() and path.parent == made:
            continue
        other = found[path.stem].setdefault(kind, path)
        if other is not path:
            raise ValueError(f"{other} and {path} have the same name; which is it? move one away")
    return dict(sorted(found.items()))


def _link(path: Path, link: Path) -> None:
    """Link a file, by a path that stays right when both are moved together; what is there already is left."""
    if not link.exists() and path.parent != link.parent:
        link.symlink_to(os.path.relpath(path.resolve(), link.parent.resolve()))
