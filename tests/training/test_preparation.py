"""The corpus of an experiment: made where it belongs, and nowhere else."""

from pathlib import Path

import pytest

from data.demo_corpus import DemoCorpus
from training.preparation import link_transcripts, make_corpus


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders that the demo corpus was asked to be made in."""
    folders: list[Path] = []
    monkeypatch.setattr(DemoCorpus, "make", lambda self, directory: folders.append(directory))
    return folders


def test_a_corpus_is_made_around_the_part_that_is_asked_for(tmp_path: Path, made: list[Path]) -> None:
    make_corpus("demo", tmp_path / "demo" / "dance")
    assert made == [tmp_path / "demo"]


def test_an_interrupted_corpus_is_completed(tmp_path: Path, made: list[Path]) -> None:
    (tmp_path / "dance").mkdir()
    (tmp_path / "corpus.json").write_text("{}")
    make_corpus("demo", tmp_path / "dance")
    assert made == [tmp_path]


def test_a_folder_with_other_data_is_left_alone(tmp_path: Path, made: list[Path]) -> None:
    (tmp_path / "dance").mkdir()
    make_corpus("demo", tmp_path / "dance")
    assert made == []


def test_a_misspelt_folder_is_not_filled_with_a_corpus(tmp_path: Path, made: list[Path]) -> None:
    with pytest.raises(ValueError, match=r"no folder .*dnace.*makes .*dance or .*gesture"):
        make_corpus("demo", tmp_path / "dnace")
    assert made == []
    assert list(tmp_path.iterdir()) == []


def test_transcripts_of_another_folder_are_linked_by_name(tmp_path: Path) -> None:
    talks, texts = tmp_path / "talks", tmp_path / "texts"
    talks.mkdir()
    texts.mkdir()
    for name in ("b", "a", "with"):
        (talks / f"{name}.wav").touch()
    (talks / "with.json").write_text("own")
    for name in ("a", "with", "other"):
        (texts / f"{name}.json").write_text(name)
    assert link_transcripts(talks, texts) == [talks / "a.json"]
    assert (talks / "a.json").read_text() == "a"
    assert (talks / "with.json").read_text() == "own"
    assert link_transcripts(talks, texts) == []


def test_a_folder_without_a_fitting_transcript_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "b.json").touch()
    with pytest.raises(FileNotFoundError, match="has no transcript"):
        link_transcripts(tmp_path, tmp_path / "texts")
    with pytest.raises(FileNotFoundError, match="no folder"):
        link_transcripts(tmp_path, tmp_path / "text")
