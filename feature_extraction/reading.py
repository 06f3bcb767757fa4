"""What a sequence's features are made of: its motion, sound, words or name, each read and hashed once."""

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from feature_extraction.align import pair_frames, read_raw
from feature_extraction.motion.mirror import mirror
from feature_extraction.store import SUFFIXES
from feature_extraction.text.transcript import Transcript


class Reading:
    """The raw input of one sequence and source, read for whichever of its arrays asks first."""

    def __init__(self, sequence_id: str, raw: Mapping[str, Path], source: str):
        """Take the sequence's files by source; a label needs none, an absent transcript is one without words."""
        self.sequence_id = sequence_id
        self.path = raw.get(source)
        self.source = source
        self._files = raw
        self._frames: dict[float, int] = {}
        self._raws: dict[tuple[float, bool], Any] = {}

    @property
    def is_missing(self) -> bool:
        """Whether a file is wanted that is not there: a transcript."""
        return self.path is None and self.source != "label"

    @cached_property
    def content_hash(self) -> str:
        """The hash of the file, or of what stands for one."""
        if self.path is None:
            return digest(expected_file(self.sequence_id, self.source))
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def frames(self, fps: float) -> int:
        """Give the frames at `fps` that the sequence's files all fill, see `align.pair_frames`."""
        if fps not in self._frames:
            self._frames[fps] = pair_frames(self._files, self.source, fps)
        return self._frames[fps]

    def raw(self, fps: float, frames: int | None = None, mirrored: bool = False) -> Any:
        """Give what extractors at `fps` encode into `frames` frames; ValueError for a file that cannot be read."""
        if (fps, mirrored) not in self._raws:
            self._raws[fps, mirrored] = mirror(self.raw(fps, frames)) if mirrored else self._read(fps, frames)
        return self._raws[fps, mirrored]

    def _read(self, fps: float, frames: int | None) -> Any:
        if self.path is not None:
            return read_raw(self.path, self.source, fps, frames)
        return Transcript() if self.is_missing else self.sequence_id


def expected_file(sequence_id: str, source: str) -> str:
    """Give the name that a sequence's file should have; a label is made of the sequence id itself."""
    return sequence_id if source == "label" else sequence_id + SUFFIXES[source][0]


def digest(data: Any) -> str:
    """Give a short hash of plain data."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]
