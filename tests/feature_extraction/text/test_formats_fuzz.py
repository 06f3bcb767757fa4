"""Whatever bytes a transcript holds, it is read or refused with its file and place; no crash, no hang."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feature_extraction.text.formats import read_transcript
from feature_extraction.text.transcript import LATEST_S, Transcript
from feature_extraction.word_context_features import WordContextFeatures
from feature_extraction.word_tokens_features import WordTokensFeatures

fuzz = settings(
    max_examples=300,
    deadline=timedelta(seconds=5),
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

TALK = [
    {"word": "so", "start_time": "0.300s", "end_time": "0.600s"},
    {"word": "good.", "start_time": 0.6, "end_time": 1},
]
TEXTS = {
    "talk.json": json.dumps(
        [{"alternatives": [{"words": TALK}], "languageCode": "en"}, {"alternatives": []}], indent=1
    ),
    "talk.tsv": "start\tend\tword\n0.3\t0.6\tso\n\n0.6\t1.0\tuh huh\n",
    "talk.TextGrid": """File type = "ooTextFile"
Object class = "TextGrid"
xmin = 0
xmax = 2
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 2
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 0.3
            text = "sil"
        intervals [2]:
            xmin = 0.3
            xmax = 0.6
            text = "say ""so"" now"
    item [2]:
        class = "TextTier"
        name = "marks"
        xmin = 0
        xmax = 2
        points: size = 1
        points [1]:
            number = 1
            mark = "!"
""",
}
PIECE = re.compile(r'\s+|"|[-+.\w]+|.', re.DOTALL)
NUMBERS = ("0", "-0", "-1", "0.45", "1e5", "1e7", "1e308", "1e999", "1,5", "nan", "Infinity", "1_0", "٣", "9" * 5000)
SIGNS = ('"', '""', "{", "}", "[", "]", ":", ",", "<exists>", "<absent>", "!", "\\", "\\ud800", "\0", "\ufeff", "null")
BLANKS = (" ", "\t", "\n", "\r", "\r\n", "\u2028", "\x0b", "\x1c", "\xa0", "")
WORDS = ("so", "IntervalTier", "TextTier", "word", "phone", "нет", "words", "start_time", "true", "é", "\U0001f642")
PLACE = re.compile(r"talk\.\w+: (line \d+: |sentence \d+\b|the file\b|one tier )")


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """A transcript in which some pieces and bytes are lost, doubled, exchanged or others."""
    name = draw(st.sampled_from(sorted(TEXTS)))
    pieces = PIECE.findall(TEXTS[name])
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(pieces) - 1))
        others = draw(st.sampled_from([NUMBERS, SIGNS, BLANKS, WORDS, pieces, [pieces[place] * 2, ""]]))
        pieces[place] = draw(st.sampled_from(others))
    text = "".join(pieces).encode(draw(st.sampled_from(["utf-8", "utf-8", "utf-16"])))
    if draw(st.integers(0, 3)) == 0:
        start = draw(st.integers(0, len(text)))
        stop = draw(st.one_of(st.just(start), st.integers(start, min(start + 40, len(text))), st.just(len(text))))
        text = text[:start] + draw(st.binary(max_size=4)) + text[stop:]
    return name, text


def assert_read_or_refused(folder: Path, name: str, text: bytes) -> None:
    """What is read is in order and can be encoded, what is not is refused in a line with file and place."""
    path = folder / name
    path.write_bytes(text)
    try:
        transcript = read_transcript(path)
    except ValueError as error:
        refusal = str(error)
    else:
        assert_in_order(transcript)
        return
    assert PLACE.search(refusal), refusal
    assert len(refusal) < 500 + len(str(path))
    assert refusal.isprintable()


def assert_in_order(transcript: Transcript) -> None:
    """Words and times are what features can be made of."""
    starts = [word.start_s for word in transcript.words]
    assert starts == sorted(starts)
    for word in transcript.words:
        assert 0 <= word.start_s <= word.end_s <= LATEST_S
        assert word.text == word.text.strip() != ""
    for extractor in (WordTokensFeatures, WordContextFeatures):
        values = extractor(20, state={"words": ["so"], "width": 2}).encode(transcript, 30).values
        assert values.dtype == np.int64
        assert (values >= 0).all()


@fuzz
@given(damaged())
def test_a_damaged_transcript_is_read_or_refused_with_its_place(tmp_path: Path, file: tuple[str, bytes]) -> None:
    assert_read_or_refused(tmp_path, *file)


@fuzz
@given(st.sampled_from(sorted(TEXTS)), st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_their_place(tmp_path: Path, name: str, data: bytes) -> None:
    assert_read_or_refused(tmp_path, name, data)


@fuzz
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["alternatives", "words", "word", "start_time", "end_time", "results"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_is_read_or_refused_with_its_place(tmp_path: Path, data: Any) -> None:
    assert_read_or_refused(tmp_path, "talk.json", json.dumps(data).encode())


@fuzz
@given(st.lists(st.sampled_from([*NUMBERS, *WORDS, "1.25", "2"]), max_size=12), st.data())
def test_any_table_is_read_or_refused_with_its_line(tmp_path: Path, cells: list[str], data: st.DataObject) -> None:
    ends = data.draw(st.lists(st.sampled_from(["\t", "\t", "\n"]), min_size=len(cells), max_size=len(cells)))
    text = "".join(cell + end for cell, end in zip(cells, ends, strict=True))
    assert_read_or_refused(tmp_path, "talk.tsv", text.encode())


@fuzz
@given(st.lists(st.sampled_from(['"ooTextFile"', '"TextGrid"', '"words"', '"so"', *NUMBERS, *SIGNS]), max_size=30))
def test_any_stream_of_parts_is_a_textgrid_or_refused_with_its_line(tmp_path: Path, parts: list[str]) -> None:
    head = '"ooTextFile" "TextGrid" 0 2 <exists> 1 "IntervalTier" "words" 0 2 3\n'
    assert_read_or_refused(tmp_path, "talk.TextGrid", (head + "\n".join(parts)).encode())
