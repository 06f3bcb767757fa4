"""The songs of the demo corpus as their composer knows them: tempo, bars, loud sections, style and its moves."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from data.demo_moves import BEATS_PER_BAR

DURATION_S = 30.0
SPLITS = {"train": 28, "val": 6, "test": 6}
TEMPI_BPM = (100.0, 108.0, 116.0, 124.0, 132.0)
UNSEEN_TEMPO_BPM = 112.0
"""The tempo of the last test song: between two tempi of the training songs, and none of them."""
STYLES = {
    "pluck": {"reach": 0.4, "punch": 0.3, "kick": 0.2, "turn": 0.1},
    "organ": {"sweep": 0.4, "wave": 0.3, "walk": 0.2, "reach": 0.1},
    "bell": {"squat": 0.4, "turn": 0.3, "punch": 0.2, "walk": 0.1},
}
"""The instrument that plays, and how often each of its moves is danced in the long run."""
RETURN_PROBABILITY = 0.7
"""How often the move of two bars ago comes back."""
SECTION_BARS = (2, 4)


@dataclass(frozen=True)
class Song:
    """One song: instants in seconds, `loud` for each bar; `seed` settles its notes and its dances."""

    id: str
    split: str
    style: str
    bpm: float
    first_beat_s: float
    loud: tuple[bool, ...]
    seed: int

    @property
    def beats(self) -> np.ndarray:
        """The instants of all beats, the one that ends the last bar included, (4 bars + 1,)."""
        return self.first_beat_s + np.arange(BEATS_PER_BAR * len(self.loud) + 1) * 60 / self.bpm

    @property
    def bars(self) -> np.ndarray:
        """The instants of all bar lines, the one after the last bar included, (bars + 1,)."""
        return self.beats[::BEATS_PER_BAR]

    @property
    def drops(self) -> list[int]:
        """The bars that begin a loud section: a riser sounds in the bar before, a jump is due on the first beat."""
        return [bar for bar in range(1, len(self.loud)) if self.loud[bar] and not self.loud[bar - 1]]

    def to_dict(self) -> dict[str, Any]:
        """The song as plain JSON, with its beats, bars and drops written out."""
        instants = {"beats": np.round(self.beats, 4).tolist(), "bars": np.round(self.bars, 4).tolist()}
        return asdict(self) | {"loud": list(self.loud), "drops": self.drops} | instants

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Song":
        """Read a song from the plain JSON of `to_dict`."""
        named = {name: data[name] for name in cls.__dataclass_fields__}
        return cls(**named | {"loud": tuple(data["loud"])})


def compose(seed: int, more: int = 0) -> list[Song]:
    """All songs of the corpus: styles and tempi in turn, so that each split hears every style.

    So many ``more`` to train on come after the others, which stay as they are.
    """
    splits = [split for split, count in SPLITS.items() for _ in range(count)] + ["train"] * more
    songs = []
    for number, split in enumerate(splits):
        rng = np.random.default_rng([seed, 0, number])
        tempo = TEMPI_BPM[number // len(STYLES) % len(TEMPI_BPM)]
        bpm = UNSEEN_TEMPO_BPM if number == sum(SPLITS.values()) - 1 else tempo
        # whole tenths of milliseconds, as truth.json writes instants
        first_beat_s = round(rng.uniform(0.2, 0.7), 4)
        bars = int((DURATION_S - 0.3 - first_beat_s) * bpm / 60 / BEATS_PER_BAR)
        style = list(STYLES)[number % len(STYLES)]
        song_seed = int(rng.integers(2**31))
        songs.append(Song(f"song_{number:02d}", split, style, bpm, first_beat_s, _sections(rng, bars), song_seed))
    return songs


def draw_moves(style: str, bars: int, rng: np.random.Generator) -> list[str]:
    """A move for each bar: that of two bars ago with RETURN_PROBABILITY, else another of the style.

    Whatever happens in a bar, its move alone has the style's probabilities.
    """
    names = list(STYLES[style])
    probabilities = np.array(list(STYLES[style].values()))
    others = _change_probabilities(probabilities)
    drawn: list[int] = []
    for bar in range(bars):
        if bar < 2:
            drawn.append(int(rng.choice(len(names), p=probabilities)))
        elif rng.random() < RETURN_PROBABILITY:
            drawn.append(drawn[bar - 2])
        else:
            drawn.append(int(rng.choice(len(names), p=others[drawn[bar - 2]])))
    return [names[move] for move in drawn]


def _change_probabilities(probabilities: np.ndarray) -> np.ndarray:
    """Row i: where to go from move i when not staying, (moves, moves), such that `probabilities` stay as they are.

    The symmetric flow a_i a_j (i != j) with the given row sums, found by iterative scaling.
    """
    a = np.sqrt(probabilities)
    for _ in range(2000):
        a = np.sqrt(a * probabilities / (a.sum() - a))
    flow = np.outer(a, a) * (1 - np.eye(len(a)))
    return flow / flow.sum(axis=1, keepdims=True)


def _sections(rng: np.random.Generator, bars: int) -> tuple[bool, ...]:
    loud: list[bool] = []
    while len(loud) < bars:
        now = bool(loud) and not loud[-1]
        loud += [now] * int(rng.choice(SECTION_BARS))
    return tuple(loud[:bars])
