"""What is known about the demo corpus: truth.json read back, and other valid performances of what it holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from data import demo_dance, demo_gestures
from data.demo_songs import Song
from data.demo_speech import Recording
from feature_extraction.motion.skeleton import Motion
from feature_extraction.store import load_json

TRUTH_FILE = "truth.json"

Known = TypeVar("Known")


@dataclass(frozen=True)
class Truth:
    """The truth of one made corpus: its `songs` and `recordings` by id, and `facts`, all that truth.json says.

    A song or recording is given by its id, its entry in truth.json, or itself. Performances of seed 0 are those of the
    corpus; every other seed gives another valid one, as good as the corpus's own.
    """

    songs: dict[str, Song]
    recordings: dict[str, Recording]
    facts: dict[str, Any]

    @classmethod
    def load(cls, directory: Path | str) -> "Truth":
        """Read the truth of a corpus folder; FileNotFoundError when it is not there or the corpus not complete."""
        path = Path(directory) / TRUTH_FILE
        if not path.is_file():
            raise FileNotFoundError(f"no {path}; make the corpus with `python -m data.make demo {directory}`")
        facts = load_json(path)
        songs = {entry["id"]: Song.from_dict(entry) for entry in facts["songs"]}
        recordings = {entry["id"]: Recording.from_dict(entry) for entry in facts["recordings"]}
        return cls(songs, recordings, facts)

    def dance(self, song: str | Mapping[str, Any] | Song, seed: int) -> Motion:
        """A valid dance of a song, at 60 fps."""
        return demo_dance.dance(self._song(song), seed)

    def moves(self, song: str | Mapping[str, Any] | Song, seed: int = 0) -> list[str]:
        """The moves of `dance(song, seed)`, one for each bar."""
        return demo_dance.danced_moves(self._song(song), seed)

    def gesticulate(self, recording: str | Mapping[str, Any] | Recording, seed: int) -> Motion:
        """A valid performance of a recording, at 30 fps."""
        return demo_gestures.gesticulate(self._recording(recording), seed)

    def gestures(self, recording: str | Mapping[str, Any] | Recording, seed: int = 0) -> list[tuple[str, float]]:
        """The keyword gestures of `gesticulate(recording, seed)`: names and instants of their apexes, seconds."""
        performed = demo_gestures.plan(self._recording(recording), seed).gestures
        return [(name, apex) for name, _, apex in performed]

    def _song(self, song: str | Mapping[str, Any] | Song) -> Song:
        if isinstance(song, Mapping):
            return Song.from_dict(dict(song))
        return _named(self.songs, song, "song") if isinstance(song, str) else song

    def _recording(self, recording: str | Mapping[str, Any] | Recording) -> Recording:
        if isinstance(recording, Mapping):
            return Recording.from_dict(dict(recording))
        return _named(self.recordings, recording, "recording") if isinstance(recording, str) else recording


def _named(known: Mapping[str, Known], name: str, kind: str) -> Known:
    if name not in known:
        raise LookupError(f"no {kind} {name!r} in the corpus; there are {', '.join(known)}")
    return known[name]
