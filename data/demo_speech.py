"""What is said in the demo recordings: words of a small vocabulary, and syllables that know nothing of the words."""

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

DURATION_S = 60.0
SPLITS = {"train": 18, "val": 3, "test": 3}
KEYWORDS = {
    "big": "spread",
    "you": "point",
    "up": "raise",
    "stop": "push",
    "me": "chest",
    "there": "aside",
    "think": "temple",
    "maybe": "akimbo",
}
"""The words that call a gesture, and which."""
_FREQUENT = """
the of and to in is that it was for on are with as they at be this from or had by but not what all were we when can
said an each which she do how their if will about out many then them these so some her would make like him into time
has look two more write go see number no way could people than first water been call who oil its now find long down
day did get come made may part over new sound take only little work know place year live back give most very after
thing our just name good sentence man say great where help through much before line right too mean old any same tell
boy follow came want show also around form three small set put end does another well large must even such because
turn here why ask went men read need land different home us move try kind hand picture again change off play spell
air away animal house page letter mother answer found study world every near between own below country plant last
school father keep tree never start
"""
OTHER_WORDS = tuple(_FREQUENT.split())
"""Words that call nothing; the frequent ones first."""
WORD_DIMENSIONS = 50

KEYWORD_REST_S = 1.6
"""No keyword follows another sooner: each gesture has its time."""
KEYWORD_WAIT_S = 1.1
"""The mean of what follows that rest; words begin where they may, so that a keyword comes every 3 s on average."""
SYLLABLES_PER_WORD = (0.5, 0.35, 0.15)
SYLLABLE_S = (0.11, 0.19)
STRESS_PROBABILITY = 0.4
STRESS_REST_S = 0.8
STRESS_STRETCH = 1.3
WORDS_PER_PHRASE = (5, 12)
PAUSE_S = (0.3, 0.7)


class Word(NamedTuple):
    """A word and when it is said, seconds."""

    word: str
    start_s: float
    end_s: float


class Syllable(NamedTuple):
    """When a syllable sounds, seconds, and whether it is stressed."""

    start_s: float
    end_s: float
    stressed: bool


@dataclass(frozen=True)
class Recording:
    """One speech: `pitch_hz` is the speaker's, `seed` settles the voice and the gestures."""

    id: str
    split: str
    words: tuple[Word, ...]
    syllables: tuple[Syllable, ...]
    pitch_hz: float
    seed: int

    @property
    def keywords(self) -> list[Word]:
        """The words that call a gesture."""
        return [word for word in self.words if word.word in KEYWORDS]

    @property
    def stresses(self) -> list[float]:
        """The middles of the stressed syllables, seconds."""
        return [(syllable.start_s + syllable.end_s) / 2 for syllable in self.syllables if syllable.stressed]

    def to_dict(self) -> dict[str, Any]:
        """The recording as plain JSON."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Recording":
        """Read a recording from the plain JSON of `to_dict`."""
        named = {name: data[name] for name in cls.__dataclass_fields__}
        words = tuple(Word(*word) for word in data["words"])
        syllables = tuple(Syllable(*syllable) for syllable in data["syllables"])
        return cls(**named | {"words": words, "syllables": syllables})

    def transcript(self) -> str:
        """The words and their times in the JSON form of GENEA's transcripts, a result on a line for each phrase."""
        phrases: list[list[Word]] = [[]]
        for word in self.words:
            if phrases[-1] and word.start_s - phrases[-1][-1].end_s > PAUSE_S[0] / 2:
                phrases.append([])
            phrases[-1].append(word)
        results = [json.dumps({"alternatives": [_alternative(phrase)]}) for phrase in phrases]
        return "[\n" + ",\n".join(results) + "\n]\n"


def write_speeches(seed: int) -> list[Recording]:
    """All recordings of the corpus."""
    splits = [split for split, count in SPLITS.items() for _ in range(count)]
    recordings = []
    for number, split in enumerate(splits):
        rng = np.random.default_rng([seed, 1, number])
        words, syllables = _speech(rng)
        pitch_hz = round(rng.uniform(95, 210), 1)
        recordings.append(Recording(f"talk_{number:02d}", split, words, syllables, pitch_hz, int(rng.integers(2**31))))
    return recordings


def word_vectors(seed: int) -> dict[str, np.ndarray]:
    """A random vector (WORD_DIMENSIONS,) for each word of the vocabulary."""
    words = (*KEYWORDS, *OTHER_WORDS)
    values = np.random.default_rng([seed, 2]).normal(0, 0.4, (len(words), WORD_DIMENSIONS))
    return dict(zip(words, values, strict=True))


def _speech(rng: np.random.Generator) -> tuple[tuple[Word, ...], tuple[Syllable, ...]]:
    """Words in phrases. How many syllables a word has, how long and how stressed, is drawn whatever the word is."""
    frequency = 1 / (np.arange(len(OTHER_WORDS)) + 5.0)
    words: list[Word] = []
    syllables: list[Syllable] = []
    now = rng.uniform(0.4, 0.9)
    keyword = ""
    keyword_due = now + rng.exponential(KEYWORD_WAIT_S)
    left = int(rng.integers(*WORDS_PER_PHRASE))
    while True:
        spoken = _syllables(rng, now, syllables)
        end = spoken[-1].end_s
        if end > DURATION_S - 0.8:
            return tuple(words), tuple(syllables)
        if now >= keyword_due:
            # never the same keyword twice in a row: its gesture would not be seen to begin again
            keyword = word = str(rng.choice([each for each in KEYWORDS if each != keyword]))
            keyword_due = now + KEYWORD_REST_S + rng.exponential(KEYWORD_WAIT_S)
        else:
            word = str(rng.choice(OTHER_WORDS, p=frequency / frequency.sum()))
        words.append(Word(word, spoken[0].start_s, end))
        syllables += spoken
        left -= 1
        pause = 0.0 if left else rng.uniform(*PAUSE_S)
        left = left or int(rng.integers(*WORDS_PER_PHRASE))
        now = end + rng.uniform(0.01, 0.06) + pause


def _syllables(rng: np.random.Generator, start: float, before: list[Syllable]) -> list[Syllable]:
    """The syllables of a word that begins at `start`; times are whole milliseconds."""
    last_stress = max((syllable.start_s for syllable in before[-12:] if syllable.stressed), default=-STRESS_REST_S)
    spoken = []
    for _ in range(1 + int(rng.choice(len(SYLLABLES_PER_WORD), p=SYLLABLES_PER_WORD))):
        stressed = bool(start - last_stress > STRESS_REST_S and rng.random() < STRESS_PROBABILITY)
        end = start + rng.uniform(*SYLLABLE_S) * (STRESS_STRETCH if stressed else 1.0)
        spoken.append(Syllable(round(start, 3), round(end, 3), stressed))
        last_stress = start if stressed else last_stress
        start = end
    return spoken


def _alternative(phrase: list[Word]) -> dict[str, Any]:
    words = [{"word": word, "start_time": f"{start:.3f}s", "end_time": f"{end:.3f}s"} for word, start, end in phrase]
    return {"transcript": " ".join(word.word for word in phrase), "words": words}
