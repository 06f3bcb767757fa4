"""Reading transcripts: each format, its dialects, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from feature_extraction.text.formats import read_transcript
from feature_extraction.text.transcript import Transcript, Word

WORDS = (Word("so", 0.3, 0.6), Word("good.", 0.6, 1.25))


def sentences(*words: Any) -> list[dict[str, Any]]:
    """GENEA's JSON with one sentence of these words."""
    return [{"alternatives": [{"transcript": "...", "words": list(words)}], "languageCode": "en-us"}]


def entry(word: Any, start: Any, end: Any) -> dict[str, Any]:
    """One word of GENEA's JSON."""
    return {"word": word, "start_time": start, "end_time": end}


def read(folder: Path, name: str, content: str | bytes | list | dict) -> Transcript:
    """Write a transcript and read it."""
    path = folder / name
    if isinstance(content, list | dict):
        content = json.dumps(content)
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return read_transcript(path)


def test_the_three_formats_say_the_same(tmp_path: Path) -> None:
    spoken = sentences(entry("so", "0.300s", "0.600s"), entry("good.", "0.600s", "1.250s"))
    assert read(tmp_path, "a.json", spoken).words == WORDS
    assert read(tmp_path, "a.tsv", "0.3\t0.6\tso\n0.6\t1.25\tgood.\n").words == WORDS
    grid = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 2
tiers? <exists>
size = 1
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 2
        intervals: size = 4
        intervals [1]:
            xmin = 0
            xmax = 0.3
            text = ""
        intervals [2]:
            xmin = 0.3
            xmax = 0.6
            text = "so"
        intervals [3]:
            xmin = 0.6
            xmax = 1.25
            text = "good."
        intervals [4]:
            xmin = 1.25
            xmax = 2
            text = "sil"
"""
    assert read(tmp_path, "a.TextGrid", grid).words == WORDS
    assert read(tmp_path, "b.TextGrid", grid.encode("utf-16")).words == WORDS
    assert read(tmp_path, "c.textgrid", grid.replace("\n", "\r\n")).words == WORDS
    assert read(tmp_path, "d.TextGrid", grid.replace("\n", "\r")).words == WORDS


@pytest.mark.parametrize(
    ("start", "end"),
    [("0.300s", "0.600s"), (0.3, 0.6), ("0.3", "0.6"), (" .3s", "6e-1s ")],
)
def test_seconds_come_as_text_or_number(tmp_path: Path, start: Any, end: Any) -> None:
    assert read(tmp_path, "a.json", sentences(entry("so", start, end))).words == (Word("so", 0.3, 0.6),)


def test_only_the_first_alternative_of_a_sentence_is_heard(tmp_path: Path) -> None:
    first, second = ({"words": [entry(word, "1s", "2s")]} for word in ("wreck", "recognise"))
    data = [{"alternatives": [first, second]}, {"alternatives": []}, {"languageCode": "en-us"}, {"alternatives": [{}]}]
    assert [word.text for word in read(tmp_path, "a.json", data).words] == ["wreck"]
    assert read(tmp_path, "a.json", {"results": data}) == read(tmp_path, "b.json", data)


def test_words_are_sorted_and_empty_ones_left_out(tmp_path: Path) -> None:
    data = sentences(entry("b", "2s", "3s"), entry("", None, None), entry(" \n", "0s", "1s"), entry(" a ", "1s", "2s"))
    assert read(tmp_path, "a.json", data).words == (Word("a", 1, 2), Word("b", 2, 3))
    assert read(tmp_path, "a.tsv", "2\t3\tb\n\n0\t1\t \n1\t2\ta").words == (Word("a", 1, 2), Word("b", 2, 3))


def test_a_transcript_without_words_is_silence(tmp_path: Path) -> None:
    assert read(tmp_path, "a.json", []) == read(tmp_path, "a.tsv", "") == Transcript()
    assert Transcript().duration_s == 0


def test_other_scripts_are_read(tmp_path: Path) -> None:
    texts = ["привет", "你好", "नमस्ते", "مرحبا", "naïve", "🙂"]
    data = sentences(*(entry(text, place, place + 1) for place, text in enumerate(texts)))
    lines = "".join(f"{place}\t{place + 1}\t{text}\n" for place, text in enumerate(texts))
    assert [word.text for word in read(tmp_path, "a.json", data).words] == texts
    assert [word.text for word in read(tmp_path, "a.tsv", lines).words] == texts
    assert [word.text for word in read(tmp_path, "b.tsv", lines.encode("utf-16")).words] == texts
    assert [word.text for word in read(tmp_path, "c.tsv", "\ufeff" + lines).words] == texts


def test_a_tsv_may_name_its_columns_and_a_word_may_have_spaces(tmp_path: Path) -> None:
    transcript = read(tmp_path, "a.tsv", "start\tend\tword\r\n0.3\t0.6\tuh huh\r\n")
    assert transcript.words == (Word("uh huh", 0.3, 0.6),)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not valid JSON: .*line 1 column 2"),
        ("[" * 100_000, "nested too deeply"),
        (f"[{'9' * 5000}]", "sentence 1: a mapping is wanted, not inf"),
        ({"expmap": 1}, "the file: a list is wanted, not {'expmap': 1.0}"),
        ([3], "sentence 1: a mapping is wanted, not 3"),
        ([{"alternatives": 3}], "sentence 1, alternatives: a list"),
        ([{"alternatives": [[]]}], "sentence 1, alternatives: a mapping"),
        ([{}, {"alternatives": [{"words": "so"}]}], "sentence 2, words: a list is wanted, not 'so'"),
        (sentences("so"), "sentence 1, word 1: a mapping"),
        (sentences(entry("a", 0, 1), entry(3, 0, 1)), "sentence 1, word 2: its word is 3"),
        (sentences({"word": "so"}), "word 1: start_time is None; seconds"),
        (sentences(entry("so", "1:30", 1)), "word 1: start_time is '1:30'"),
        (sentences(entry("so", True, 1)), "word 1: start_time is True"),
        (sentences(entry("so", 0, "1_0s")), "word 1: end_time is '1_0s'"),
        ('[{"alternatives": [{"words": [{"word": "so", "start_time": NaN}]}]}]', "start_time is nan"),
        (sentences(entry("so", 0, "1e999s")), "end_time is '1e999s'"),
        (sentences(entry("so", 0, 10**400)), "end_time is inf; seconds"),
        (sentences(entry("so", -0.5, 1)), "the word 'so' starts at -0.5 s"),
        (sentences(entry("so", 0, 2e6)), r"the word 'so' ends at 2e\+06 s; from 0 to 1000000 is wanted"),
        (sentences(entry("so", 2, 1)), "ends at 1 s, before it starts at 2 s"),
    ],
)
def test_json_that_is_no_transcript_is_refused_with_its_place(tmp_path: Path, content: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refusal:
        read(tmp_path, "talk.json", content)
    assert "talk.json" in str(refusal.value)
    assert len(str(refusal.value)) < 400


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("0.3\t0.6\n", "line 1: 2 columns; start, end and word"),
        ("0.3\t0.6\tso\n0.6 0.9 good", "line 2: 1 columns"),
        ("0\t1\ta\tb", "line 1: 4 columns"),
        ("0\t1\ta\n0,5\t1\tb", "line 2: the start is '0,5'"),
        ("1\tnan\ta", "line 1: the end is 'nan'"),
        ("2\t1\ta", "line 1: the word 'a' ends at 1 s, before it starts at 2 s"),
        ("word\tstart\tend\nso\t0\t1", "line 1: the start is 'word'"),
        (b"0\t1\ta\n0\t1\t\xff\xfe", "line 2: byte 10 is not utf-8"),
        (b"\xff\xfe0", "is not utf-16"),
    ],
)
def test_tsv_that_is_no_transcript_is_refused_with_its_line(tmp_path: Path, content: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refusal:
        read(tmp_path, "talk.tsv", content)
    assert "talk.tsv" in str(refusal.value)


def test_a_missing_transcript_and_an_unknown_ending_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"seq_1\.json"):
        read_transcript(tmp_path / "seq_1.json")
    with pytest.raises(ValueError, match=r"seq_1\.srt is no transcript .* \.json, \.tsv, \.textgrid"):
        read_transcript(tmp_path / "seq_1.srt")


def test_real_transcripts_are_read(shared_data: Path) -> None:
    speech = shared_data / "speech"
    words = {path.name: read_transcript(path).words for path in speech.glob("librivox_*.json")}
    assert {name: len(each) for name, each in words.items()} == {
        "librivox_0870.words.json": 22,
        "librivox_0890.words.json": 14,
        "librivox_0930.words.json": 8,
    }
    assert words["librivox_0930.words.json"][0] == Word("he", 0.21, 0.38)
