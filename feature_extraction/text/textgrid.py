"""Praat's TextGrid, long and short: the tier of words.

Both are one stream of numbers, texts and flags that stand free; what else is written is for human eyes (Praat's
manual, "TextGrid file formats").
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from feature_extraction.text.transcript import Word, read_number, shown, timed_word

SILENCES = frozenset(["sil", "sp", "<sil>", "<eps>", "<p:>"])
"""What the aligners MFA, Kaldi and MAUS write for silence, besides nothing."""

_PART = re.compile(r'"[^"]*(?:""[^"]*)*"|![^\n]*|[^\s"]+|"')


@dataclass(frozen=True)
class Tier:
    """A tier of intervals: (line of the file, start, end, label) of each; of a tier of points, nothing."""

    name: str
    intervals: tuple[tuple[int, float, float, str], ...]
    has_intervals: bool


def parse_textgrid(text: str) -> Iterator[Word]:
    """Give the words of a TextGrid's tier whose name has "word" in it, or of its only tier of intervals.

    ValueError with the line of whatever is no TextGrid, or listing the tiers where none is the words'.
    """
    for line, start_s, end_s, label in _word_tier(list(parse_tiers(text))).intervals:
        if label.strip() and label.strip().lower() not in SILENCES:
            try:
                yield timed_word(label, start_s, end_s)
            except ValueError as error:
                raise ValueError(f"line {line}: {error}") from error


def parse_tiers(text: str) -> Iterator[Tier]:
    """Give the tiers of a TextGrid."""
    parts = _Parts(text)
    kind, content = parts.text("the file's kind"), parts.text("the file's class")
    if kind != "ooTextFile" or content != "TextGrid":
        raise ValueError(f'line 1: "ooTextFile" and "TextGrid" are wanted, not {shown(kind)} and {shown(content)}')
    parts.number("the start")
    parts.number("the end")
    if parts.next("<exists>") != "<exists>":
        return
    for number in range(1, parts.count("the number of tiers") + 1):
        yield _tier(parts, f"tier {number}")


def _tier(parts: "_Parts", where: str) -> Tier:
    kind, name = parts.text(f"the class of {where}"), parts.text(f"the name of {where}")
    parts.number(f"the start of {where}")
    parts.number(f"the end of {where}")
    if kind not in ("IntervalTier", "TextTier"):
        raise ValueError(
            f"line {parts.line}: the class of {where} is {shown(kind)}; IntervalTier or TextTier is wanted"
        )
    intervals = []
    for number in range(1, parts.count(f"the size of {where}") + 1):
        what = f"{where}, entry {number}"
        start_s = parts.number(f"the time of {what}")
        end_s = parts.number(f"the end of {what}") if kind == "IntervalTier" else start_s
        label = parts.text(f"the text of {what}")
        intervals.append((parts.line, start_s, end_s, label))
    return Tier(name, tuple(intervals), kind == "IntervalTier")


def _word_tier(tiers: list[Tier]) -> Tier:
    usable = [tier for tier in tiers if tier.has_intervals]
    named = [tier for tier in usable if "word" in tier.name.lower()]
    if len(usable) == 1 and not usable[0].name.lower().startswith("phone"):
        named = usable
    if len(named) != 1:
        listed = ", ".join(shown(tier.name) for tier in tiers[:20]) or "none"
        raise ValueError(f'one tier of intervals named "words" is wanted; the tiers are: {listed}')
    return named[0]


class _Parts:
    """The free-standing numbers, texts and flags of a file, one after the other."""

    def __init__(self, text: str):
        self._text = text
        self._matches = _PART.finditer(text)
        self._place = 0
        self.line = 1
        """The line of the part that was read last."""

    def next(self, wanted: str) -> str:
        """Give the next part; ValueError at the end of the file."""
        for match in self._matches:
            part = match[0]
            self.line += self._text.count("\n", self._place, match.start())
            self._place = match.start()
            if part == '"':
                raise ValueError(f"line {self.line}: a text begins that does not end")
            if part[0] in '"<' or read_number(part) is not None:
                return part
        raise ValueError(f"line {self.line}: the file ends here, where {wanted} should follow")

    def text(self, wanted: str) -> str:
        """Give the next part, which is a text."""
        part = self.next(wanted)
        if not part.startswith('"'):
            raise ValueError(f"line {self.line}: {wanted} is a text in quotes, not {shown(part)}")
        return part[1:-1].replace('""', '"')

    def number(self, wanted: str) -> float:
        """Give the next part, which is a number."""
        part = self.next(wanted)
        number = read_number(part)
        if number is None:
            raise ValueError(f"line {self.line}: {wanted} is a number, not {shown(part)}")
        return number

    def count(self, wanted: str) -> int:
        """Give the next part, which is a whole number."""
        number = self.number(wanted)
        if number < 0 or number != int(number):
            raise ValueError(f"line {self.line}: {wanted} is a whole number, not {number:g}")
        return int(number)
