"""A folder of one's own as a corpus, so that it can be put on the canonical skeleton with others."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from data.conversion import Files
from data.recorded_pairs import RecordedPairs
from feature_extraction.label_features import LABELS, read_labels
from feature_extraction.partition import choose
from feature_extraction.store import SPLITS, complete, read_split, split_path


class FolderCorpus(RecordedPairs):
    """Motion, sound and words that lie in a folder under equal names, with its split lists where there are any.

    Where some recordings have sound, those without are left out. Without lists a tenth each is drawn to validate and to
    test on, by the seed. Their classes are those of the folder's labels.csv. Which joint is which is guessed from their
    names.
    """

    version = 2

    name_pattern = re.compile(r".+")
    layout = "one.bvh, one.wav (or .flac, .ogg, .mp3), one.json (or .tsv, .TextGrid), ..."
    licence = "that of the recordings"
    home = "any folder of yours, by --source"
    needs = ("motion",)

    def adopts(self, directory: Path) -> bool:
        """Nothing: what is in a folder already needs no corpus made of it."""
        return False

    def draws(self, directory: Path) -> bool:
        """Whether the folder has no lists."""
        return not _lists_in(self.source or directory)

    def gathered(self, found: Mapping[str, Files]) -> dict[str, Files]:
        """The recordings that have what the others have."""
        return {name: found[name] for name in complete(found)}

    def splits(self, names: Iterable[str], source: Path, seed: int = 0) -> dict[str, str | None]:
        """The split of each recording by the lists of the folder; drawn where it has none."""
        written = _lists_in(source)
        ids = sorted(names)
        if written:
            lists = {split: read_split(source, split) for split in written}
        else:
            lists = choose(ids, {"val": None, "test": None}, seed)
            held_out = {*lists["val"], *lists["test"]}
            lists["train"] = [name for name in ids if name not in held_out]
        split_of = {name: split for split, listed in lists.items() for name in listed}
        return {name: split_of.get(name) for name in ids}

    def split_of(self, name: str) -> str | None:
        """Nothing: the splits are in lists."""
        return None

    def labels(self, names: Iterable[str], source: Path) -> dict[str, str]:
        """The classes in the folder's table, where it has one."""
        return read_labels(source / LABELS) if (source / LABELS).is_file() else {}


def _lists_in(folder: Path) -> list[str]:
    return [split for split in SPLITS if split_path(folder, split).exists()]
