"""What is known about the demo corpus: truth.json read back, and other valid performances of its songs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data import demo_dance
from data.demo_songs import Song
from feature_extraction.motion.skeleton import Motion
from feature_extraction.store import load_json

TRUTH_FILE = "truth.json"


@dataclass(frozen=True)
class Truth:
    """The truth of one made corpus: `songs` by id, and `facts`, all that truth.json says."""

    songs: dict[str, Song]
    facts: dict[str, Any]

    @classmethod
    def load(cls, directory: Path | str) -> "Truth":
        """Read the truth of a corpus folder; FileNotFoundError when it is not there or not complete."""
        path = Path(directory) / TRUTH_FILE
        if not path.is_file():
            raise FileNotFoundError(f"no {path}; make the corpus with `python -m data.make demo {directory}`")
        facts = load_json(path)
        return cls({song["id"]: Song.from_dict(song) for song in facts["songs"]}, facts)

    def dance(self, song: str | Mapping[str, Any] | Song, seed: int) -> Motion:
        """A valid dance of a song, given by id or truth entry; seed 0 is the one in the corpus."""
        return demo_dance.dance(self._song(song), seed)

    def moves(self, song: str | Mapping[str, Any] | Song, seed: int = 0) -> list[str]:
        """The moves of `dance(song, seed)`, one for each bar."""
        return demo_dance.danced_moves(self._song(song), seed)

    def _song(self, song: str | Mapping[str, Any] | Song) -> Song:
        if isinstance(song, Song):
            return song
        if isinstance(song, Mapping):
            return Song.from_dict(dict(song))
        if song not in self.songs:
            raise LookupError(f"no song {song!r} in the corpus; there are {', '.join(self.songs)}")
        return self.songs[song]
