"""The corpus of an experiment: made where it belongs, and nowhere else."""

from pathlib import Path

import pytest

from data.demo_corpus import DemoCorpus
from training.preparation import make_corpus


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
