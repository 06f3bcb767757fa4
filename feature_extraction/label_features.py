"""Labels: the class of a whole sequence, from its file name or from a table."""

import re
from collections.abc import Iterable, Mapping
from csv import Error as CsvError
from csv import reader as csv_reader
from csv import writer as csv_writer
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from feature_extraction.base_features import BaseFeatures, FeatureArray
from feature_extraction.store import save_text
from feature_extraction.text.formats import decoded

LABELS = "labels.csv"
"""The table of classes that comes with a corpus, for `csv: labels.csv`."""
FIRST_PART = "^[^_]+"
"""What stands before the first underscore, as in "waltz_003"."""
HEADER = ("label", "class")
"""How the second column of a table is called, where its first line names the columns."""


class LabelFeatures(BaseFeatures):
    """One column, `label`, of one row: the place of the sequence's class among those of the train split, sorted.

    The class is what the regular expression `pattern` finds in the sequence id: its first group, the whole match where
    it has none. Or it stands in a table, `csv`, with the sequence id and the class on each line.
    """

    source = "label"

    def __init__(
        self,
        fps: float,
        pattern: str | None = None,
        csv: str | None = None,
        state: Mapping[str, Any] | None = None,
    ):
        """Label sequences; `state` is what `fit` learned."""
        super().__init__(fps)
        if pattern is not None and csv is not None:
            raise ValueError("label takes its classes from a pattern or from a csv, not from both")
        try:
            self._pattern = re.compile(FIRST_PART if pattern is None else pattern)
        except re.error as error:
            raise ValueError(f"label: the pattern {pattern!r} is no regular expression: {error}") from error
        self.csv, self.state = csv, state

    def fit(self, raws: Iterable[str], folder: Path) -> dict[str, Any]:
        """Learn the classes: {"classes": [...]}, of a table also its {"table": {sequence id: class}}."""
        table = read_labels(Path(folder) / self.csv) if self.csv is not None else None
        classes = sorted({self._class_of(sequence_id, table) for sequence_id in raws})
        return {"classes": classes} | ({"table": table} if table is not None else {})

    def encode(self, raw: str, frames: int | None = None) -> FeatureArray:
        """Give the (1, 1) label of a sequence id, int64; LookupError for a class that the train split lacks."""
        if self.state is None:
            raise ValueError("label knows no classes yet; give it the state that its fit learns from sequence ids")
        name = self._class_of(raw, self.state.get("table"))
        classes = self.state["classes"]
        if name not in classes:
            raise LookupError(
                f"{raw} is of the class {name!r}, which no sequence of the train split has; "
                f"there are: {', '.join(classes)}"
            )
        return FeatureArray(np.array([[classes.index(name)]], dtype=np.int64), ("label",))

    @property
    def num_tokens(self) -> int:
        """The number of classes."""
        return len(self.state["classes"]) if self.state else 0

    def _class_of(self, sequence_id: str, table: Mapping[str, str] | None) -> str:
        if table is not None:
            if sequence_id not in table:
                raise LookupError(f"{self.csv} has no line for {sequence_id}; add one: {sequence_id},<class>")
            return table[sequence_id]
        match = self._pattern.search(sequence_id)
        name = match and match[1 if self._pattern.groups else 0]
        if not name:
            raise LookupError(f"the pattern {self._pattern.pattern!r} finds no class in the name {sequence_id}")
        return name


def read_labels(path: Path) -> dict[str, str]:
    """Read the class of each sequence from a table of two columns parted by commas; the first line may name them.

    FileNotFoundError when the file is not there; ValueError naming the line that is not a sequence id and a class, or
    that gives a sequence a second class.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no labels {path}: a table is wanted, a sequence id and its class on each line")
    labels: dict[str, str] = {}
    try:
        rows = csv_reader(StringIO(decoded(path.read_bytes()), newline=""))
        for row in rows:
            cells = [cell.strip() for cell in row]
            if not any(cells) or (rows.line_num == 1 and cells[1:] and cells[1].lower() in HEADER):
                continue
            if len(cells) != 2 or not all(cells):
                raise ValueError(f"line {rows.line_num}: a sequence id and a class are wanted, not {','.join(row)!r}")
            if labels.setdefault(cells[0], cells[1]) != cells[1]:
                raise ValueError(f"line {rows.line_num}: {cells[0]} has the class {labels[cells[0]]} already")
    except (CsvError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error
    return labels


def save_labels(path: Path, labels: Mapping[str, str]) -> None:
    """Write the class of each sequence as a table that `read_labels` reads."""
    rows = StringIO()
    csv_writer(rows, lineterminator="\n").writerows([("sequence", "label"), *labels.items()])
    save_text(path, rows.getvalue())
