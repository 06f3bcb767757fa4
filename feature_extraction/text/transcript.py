"""A transcript: the words of a recording and when each of them is spoken."""

import math
import re
import reprlib
from dataclasses import dataclass
from typing import NamedTuple

LATEST_S = 1e6
"""A word later than this (seconds) has another unit, or no time at all."""

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)


class Word(NamedTuple):
    """A word as written, spoken from `start_s` to `end_s` (seconds)."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Transcript:
    """The words of one recording in the order in which they begin; without words it is silence.

    Words may overlap, last no time, and lie past the end of the sound.
    """

    words: tuple[Word, ...] = ()

    @property
    def duration_s(self) -> float:
        """When the last word ends, in seconds; 0 for silence."""
        return max((word.end_s for word in self.words), default=0.0)


def timed_word(text: str, start_s: float, end_s: float) -> Word:
    """Give a word; ValueError for times that no recording has.

    >>> timed_word(" hello ", 0.3, 0.6)
    Word(text='hello', start_s=0.3, end_s=0.6)
    """
    for name, time_s in (("starts", start_s), ("ends", end_s)):
        if not 0 <= time_s <= LATEST_S:
            raise ValueError(f"the word {shown(text)} {name} at {time_s:g} s; from 0 to {LATEST_S:.0f} is wanted")
    if end_s < start_s:
        raise ValueError(f"the word {shown(text)} ends at {end_s:g} s, before it starts at {start_s:g} s")
    return Word(text.strip(), start_s, end_s)


def read_number(text: str) -> float | None:
    """Give the number that a text is in decimal notation; None for anything else, and for what is beyond all bounds.

    >>> read_number("-1.5e-1"), read_number("1_0"), read_number("nan"), read_number("1e999")
    (-0.15, None, None, None)
    """
    number = float(text) if _NUMBER.fullmatch(text) else math.inf
    return number if math.isfinite(number) else None


def shown(value: object, most: int = 40) -> str:
    """Give a value as an error message quotes it, however long or deep it is.

    >>> shown("word"), shown("a" * 50, 11)
    ("'word'", "'aaa...aaa'")
    """
    short = reprlib.Repr()
    short.maxstring = short.maxother = most
    short.maxlevel = 2
    return short.repr(value)
