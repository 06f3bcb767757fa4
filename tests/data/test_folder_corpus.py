"""A folder of one's own as a corpus: its lists and classes stay, and what it lacks is drawn."""

from pathlib import Path

import pytest

from data import make
from feature_extraction.label_features import read_labels, save_labels
from feature_extraction.store import MARKER, load_json, save_json
from tests.data.conftest import Make, lists
from tests.data.miniatures import WRITE


def test_a_folder_of_ones_own_keeps_its_lists_and_what_is_complete(made: Make, tmp_path: Path) -> None:
    drawn = lists(made("folder"))
    assert sorted(name for names in drawn.values() for name in names) == ["a", "b", "c", "d", "e"]
    WRITE["folder"](tmp_path / "source")
    for split, names in {"train": "ab", "val": "c", "test": "d"}.items():
        (tmp_path / "source" / f"base_filenames_{split}.txt").write_text("\n".join(names))
    make.main(["folder", str(tmp_path / "made"), "--source", str(tmp_path / "source")])
    assert lists(tmp_path / "made") == {"train": ["a", "b"], "val": ["c"], "test": ["d"]}
    assert load_json(tmp_path / "made" / "pairing.json")["in_no_list"] == ["e"]


def test_a_folder_of_ones_own_keeps_its_classes(tmp_path: Path) -> None:
    WRITE["folder"](tmp_path / "source")
    classes = {"a": "slow, sad", "b": "quick", "unheard": "quick"}
    save_labels(tmp_path / "source" / "labels.csv", classes)
    options = ["--source", str(tmp_path / "source"), "--canonical_skeleton", "--jobs", "1"]
    make.main(["folder", str(tmp_path / "made"), *options])
    assert read_labels(tmp_path / "made" / "labels.csv") == {"a": "slow, sad", "b": "quick"}


def test_a_folder_without_lists_is_drawn_from_by_the_seed(made: Make, tmp_path: Path) -> None:
    WRITE["folder"](tmp_path / "source")
    drawn = [lists(made("folder"))]
    for seed in ("1", "2"):
        make.main(["folder", str(tmp_path / seed), "--source", str(tmp_path / "source"), "--seed", seed])
        drawn.append(lists(tmp_path / seed))
    assert drawn[0] != drawn[1] != drawn[2]
    with pytest.raises(ValueError, match=r"the FolderCorpus of version 2 and seed 1, not .* and seed 2"):
        make.main(["folder", str(tmp_path / "1"), "--source", str(tmp_path / "source"), "--seed", "2"])


@pytest.mark.parametrize("name", ["genea2020", "folder"])
def test_where_nothing_is_drawn_another_seed_is_no_other_corpus(name: str, tmp_path: Path) -> None:
    WRITE[name](tmp_path / "source")
    for split, names in {"train": "ab", "val": "c", "test": "d"}.items():
        (tmp_path / "source" / f"base_filenames_{split}.txt").write_text("\n".join(names))
    for seed in ("0", "1"):
        assert make.main([name, str(tmp_path / "made"), "--source", str(tmp_path / "source"), "--seed", seed]) == 0
    marker = load_json(tmp_path / "made" / MARKER)
    assert "seed" not in marker
    save_json(tmp_path / "made" / MARKER, marker | {"seed": 0})  # as older ones are
    assert make.main([name, str(tmp_path / "made"), "--source", str(tmp_path / "source"), "--seed", "1"]) == 0
