"""Recorded corpora in the folders that they come in: paired by name, linked, and what is missing is told."""

import logging
import os
from pathlib import Path

import pytest

from data import make
from data.genea2020_corpus import Genea2020Corpus
from data.genea2023_corpus import Genea2023Corpus
from data.recorded_pairs import REPORT
from feature_extraction.store import MARKER, find_raw, load_json, read_split
from training.preparation import make_corpus


def touch(folder: Path, *files: str) -> None:
    for file in files:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file)


@pytest.fixture
def genea2020(tmp_path: Path) -> Path:
    """The challenge's folder; listed in any order, the first of one kind is not the partner of the first of another."""
    folder = tmp_path / "GENEA 2020"
    touch(folder, *(f"Audio/Recording_{number:03d}.wav" for number in (4, 2, 1, 3)))
    touch(folder, *(f"Motion/Recording_{number:03d}.bvh" for number in (1, 4, 2)))
    touch(folder, *(f"Transcripts/Recording_{number:03d}.json" for number in (3, 4, 1)))
    touch(folder, "Test/Audio/TestSeq001.wav", "Test/Transcripts/TestSeq001.json", "readme.txt", "Audio/notes.wav")
    return folder


def test_the_2020_folder_is_accepted_as_it_is(genea2020: Path, caplog: pytest.LogCaptureFixture) -> None:
    before = {path: path.read_bytes() for path in genea2020.rglob("*") if path.is_file()}
    with caplog.at_level(logging.INFO):
        Genea2020Corpus().make(genea2020)
    raw = find_raw(genea2020)
    assert {name: sorted(files) for name, files in raw.items()} == {
        "Recording_001": ["audio", "motion", "text"],
        "Recording_002": ["audio", "motion"],
        "Recording_003": ["audio", "text"],
        "Recording_004": ["audio", "motion", "text"],
        "TestSeq001": ["audio", "text"],
    }
    assert all(name in path.read_text() for name, files in raw.items() for path in files.values())
    assert {path: path.read_bytes() for path in before} == before
    assert read_split(genea2020, "train") == ["Recording_002", "Recording_004"]
    assert read_split(genea2020, "val") == ["Recording_001"]
    assert read_split(genea2020, "test") == ["TestSeq001"]
    assert "1 of 5 recordings have no motion: Recording_003" in caplog.messages
    assert "1 of 5 recordings have no text: Recording_002" in caplog.messages
    assert load_json(genea2020 / REPORT)["without"] == {"motion": ["Recording_003"], "text": ["Recording_002"]}


def test_another_folder_gets_links_that_can_be_moved_with_it(genea2020: Path, tmp_path: Path) -> None:
    assert make.main(["genea2020", str(tmp_path / "mine"), "--source", str(genea2020)]) == 0
    assert not list(genea2020.glob("*.json"))
    both = tmp_path / "elsewhere"
    both.mkdir()
    for name in ("mine", genea2020.name):
        (tmp_path / name).rename(both / name)
    assert (both / "mine" / "Recording_004.bvh").read_text() == "Motion/Recording_004.bvh"
    assert not os.path.isabs(os.readlink(both / "mine" / "Recording_004.bvh"))


def test_training_takes_the_folder_too_and_a_second_time(genea2020: Path) -> None:
    for _ in range(2):
        make_corpus("genea2020", genea2020)
    assert load_json(genea2020 / MARKER)["corpus"] == "Genea2020Corpus"
    assert len(read_split(genea2020, "train")) == 2


def test_split_lists_of_ones_own_are_left(genea2020: Path) -> None:
    (genea2020 / "base_filenames_val.txt").write_text("Recording_004\n")
    Genea2020Corpus().make(genea2020)
    assert read_split(genea2020, "val") == ["Recording_004"]


def test_the_2022_and_2023_folders_are_accepted_as_they_are(tmp_path: Path) -> None:
    for split, numbers in (("trn", (0, 1)), ("val", (0,))):
        for number in numbers:
            name = f"{split}_2022_v1_{number:03d}"
            touch(tmp_path, *(f"{split}/{kind}/{name}.{kind}" for kind in ("wav", "tsv", "bvh")))
            for role in ("main-agent", "interloctr"):
                name = f"{split}_2023_v0_{number:03d}_{role}"
                touch(tmp_path, *(f"{split}/{role}/{kind}/{name}.{kind}" for kind in ("wav", "tsv", "bvh")))
    touch(tmp_path, "tst/wav/tst_2022_v1_000.wav", "tst/tsv/tst_2022_v1_000.tsv", "trn/metadata.csv")
    Genea2023Corpus().make(tmp_path)
    assert read_split(tmp_path, "train") == [
        "trn_2022_v1_000",
        "trn_2022_v1_001",
        *(f"trn_2023_v0_{number:03d}_{role}" for number in (0, 1) for role in ("interloctr", "main-agent")),
    ]
    assert read_split(tmp_path, "val") == ["val_2022_v1_000", "val_2023_v0_000_main-agent"]
    assert read_split(tmp_path, "test") == ["tst_2022_v1_000"]
    assert load_json(tmp_path / REPORT)["in_no_list"] == ["val_2023_v0_000_interloctr"]
    assert (tmp_path / "trn_2022_v1_001.bvh").read_text() == "trn/bvh/trn_2022_v1_001.bvh"


def test_a_name_that_two_files_have_is_refused(genea2020: Path) -> None:
    touch(genea2020, "Old/Recording_001.bvh")
    with pytest.raises(ValueError, match=r"Motion/Recording_001\.bvh and .*Old/Recording_001\.bvh have the same name"):
        Genea2020Corpus().make(genea2020)


def test_a_folder_of_something_else_is_not_touched(tmp_path: Path) -> None:
    touch(tmp_path, "song.wav", "song.bvh")
    with pytest.raises(ValueError, match="is not empty"):
        Genea2020Corpus().make(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"has no pair of sound and motion.*Audio/Recording_001\.wav"):
        make.main(["genea2020", str(tmp_path / "new"), "--source", str(tmp_path)])
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["song.bvh", "song.wav"]
