"""Uploads: the newest are kept, and one that is being used is there until it has been."""

import io
from pathlib import Path

import pytest

from inference.web.request_error import RequestError
from inference.web.uploads import LONGEST_LABEL, Uploads, label_of
from tests.inference.web.conftest import wav


def test_the_oldest_files_go_first(uploads: Uploads, tmp_path: Path) -> None:
    content = wav()
    taken = [uploads.receive(f"{number}.wav", len(content), io.BytesIO(content)) for number in range(5)]
    assert {path.name for path in (tmp_path / "uploads").iterdir()} == {each.path.name for each in taken[2:]}
    with pytest.raises(RequestError, match="drop it again"):
        uploads.copy(taken[0].key, "audio", tmp_path / "copy")


def test_a_file_is_used_as_what_it_is(uploads: Uploads, tmp_path: Path) -> None:
    upload = uploads.receive("talk.tsv", 14, io.BytesIO(b"0.1\t0.4\thello\n"))
    with pytest.raises(RequestError, match="drop it again"):
        uploads.copy(upload.key, "audio", tmp_path / "copy")
    copy = uploads.copy(upload.key, "text", tmp_path / "copy")
    assert (copy.label, copy.path) == ("talk.tsv", tmp_path / "copy.tsv")
    assert copy.path.read_bytes() == upload.path.read_bytes()


def test_a_long_name_is_shown_by_its_ends() -> None:
    shown = label_of("a" * 500 + ".wav")
    assert len(shown) <= LONGEST_LABEL
    assert shown.endswith("a.wav")
    assert label_of("\u202egnp.wav") == "gnp.wav"
