"""Transcript files: GENEA's JSON, TSV (start, end, word) and Praat's TextGrid."""

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from feature_extraction.text.textgrid import parse_textgrid
from feature_extraction.text.transcript import Transcript, Word, read_number, shown, timed_word

HEADER = ("start", "begin", "onset")
"""How the first column of a TSV is called, where its first line names the columns."""


def read_transcript(path: str | Path) -> Transcript:
    """Read the words of a .json, .tsv or .TextGrid file, sorted by their start.

    Words without a letter or sign in them, as aligners write for silence, are left out. FileNotFoundError when the
    file is not there; ValueError naming the file and the place in it for whatever is not a transcript.
    """
    path = Path(path)
    parse = PARSERS.get(path.suffix.lower())
    if parse is None:
        raise ValueError(f"{path} is no transcript by its ending; there are {', '.join(PARSERS)}")
    if not path.is_file():
        raise FileNotFoundError(f"no transcript {path}: a file of that name with the words and their times is wanted")
    try:
        words = [word for word in parse(decoded(path.read_bytes())) if word.text]
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return Transcript(tuple(sorted(words, key=lambda word: word.start_s)))


def parse_json(text: str) -> Iterator[Word]:
    """Give the words of GENEA's JSON, the answer of Google's recogniser: the first alternative of each sentence.

    `[{"alternatives": [{"words": [{"word": "so", "start_time": "1.3s", "end_time": "1.6s"}]}]}]`; the list may be the
    value of "results".
    """
    data = _loaded(text)
    if isinstance(data, dict) and "results" in data:
        data = data["results"]
    for number, sentence in enumerate(_list(data, "the file"), 1):
        where = f"sentence {number}"
        alternatives = _list(_mapping(sentence, where).get("alternatives", []), f"{where}, alternatives")
        words = _mapping(alternatives[0], f"{where}, alternatives").get("words", []) if alternatives else []
        for place, word in enumerate(_list(words, f"{where}, words"), 1):
            yield _json_word(_mapping(word, f"{where}, word {place}"), f"{where}, word {place}")


def parse_tsv(text: str) -> Iterator[Word]:
    """Give the words of lines of start, end (seconds) and word, parted by tabs; the first line may name the columns."""
    for number, line in enumerate(text.split("\n"), 1):
        cells = line.split("\t")
        if not line.strip() or (number == 1 and cells[0].strip().lower().startswith(HEADER)):
            continue
        try:
            if len(cells) != 3:
                raise ValueError(f"{len(cells)} columns; start, end and word are wanted, parted by tabs")
            yield timed_word(cells[2], _seconds(cells[0], "the start"), _seconds(cells[1], "the end"))
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from error


def decoded(data: bytes) -> str:
    """Give the text of bytes in UTF-8, or UTF-16 with its mark, lines parted by newlines only.

    ValueError naming the line that is neither.
    """
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"line {line}: byte {error.start} is not {encoding}; save the file as UTF-8") from error


PARSERS: dict[str, Callable[[str], Iterator[Word]]] = {
    ".json": parse_json,
    ".tsv": parse_tsv,
    ".textgrid": parse_textgrid,
}
"""The parser of each file ending; it gives words, and ValueError with the place."""


def _loaded(text: str) -> Any:
    try:
        return json.loads(text, parse_int=float)  # an int has no bounds, and too many digits are an error without place
    except RecursionError as error:
        raise ValueError("the file is nested too deeply for a transcript") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"the file is not valid JSON: {error}") from error


def _json_word(word: dict[str, Any], where: str) -> Word:
    text = word.get("word")
    if not isinstance(text, str):
        raise ValueError(f"{where}: its word is {shown(text)}; a text is wanted")
    if not text.strip():
        return Word("", 0.0, 0.0)
    try:
        return timed_word(text, *(_seconds(word.get(key), key) for key in ("start_time", "end_time")))
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def _seconds(value: Any, name: str) -> float:
    """Give the seconds of "1.3s", "1.3" or 1.3."""
    seconds = read_number(value.strip().removesuffix("s")) if isinstance(value, str) else value
    if not isinstance(seconds, float) or not math.isfinite(seconds):
        raise ValueError(f'{name} is {shown(value)}; seconds such as "1.3s" are wanted')
    return seconds


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{where}: a list is wanted, not {shown(value)}")
    return value


def _mapping(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{where}: a mapping is wanted, not {shown(value)}")
    return value
