"""Joints are matched by their names, or as a list of names says; what does not fit is named."""

import json
from pathlib import Path

import numpy as np
import pytest

from feature_extraction.motion.joint_map import match, read_names
from feature_extraction.motion.skeleton import Skeleton


def chain(*names: str) -> Skeleton:
    count = len(names)
    return Skeleton(names, tuple(range(-1, count - 1)), np.ones((count, 3)), ("ZXY",) * count)


def test_equal_names_match_but_for_prefix_and_case() -> None:
    source, target = chain("mixamorig:Hips", "Tail", "SPINE"), chain("Hips", "spine", "Head")
    assert match(source, target) == {0: 0, 1: 2}


def test_a_map_says_what_drives_what() -> None:
    source, target = chain("hip", "abdomen"), chain("Hips", "Spine", "Spine1")
    names = [("hip", "hips"), ("abdomen", "Spine1"), ("abdomen", "Spine")]
    assert match(source, target, names) == {0: 0, 1: 1, 2: 1}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([("hip", "Hips"), ("chest", "Spine")], "no joint named 'chest' in the skeleton; there are hip, abdomen"),
        ([("hip", "Hips"), ("abdomen", "Spin")], "no joint named 'Spin' in the skeleton; there are Spine"),
        ([("hip", "Hips"), ("abdomen", "Hips")], "'Hips' is driven twice: by 'hip' and 'abdomen'"),
        ([("abdomen", "Spine")], "nothing drives the target's root 'Hips'.* hip=Hips"),
        (None, "nothing drives the target's root 'Hips'"),
    ],
)
def test_what_does_not_fit_is_named(names: list[tuple[str, str]] | None, message: str) -> None:
    with pytest.raises((ValueError, LookupError), match=message):
        match(chain("hip", "abdomen"), chain("Hips", "Spine"), names)


def test_pairs_are_read_from_text_json_and_yaml(tmp_path: Path) -> None:
    pairs = [("hip", "Hips"), ("abdomen", "Spine"), ("abdomen", "Spine1")]
    assert read_names("hip=Hips, abdomen = Spine,abdomen=Spine1") == pairs
    (tmp_path / "map.json").write_text(json.dumps({"hip": "Hips", "abdomen": ["Spine", "Spine1"]}))
    (tmp_path / "map.yaml").write_text("hip: Hips\nabdomen: [Spine, Spine1]\n")
    assert read_names(str(tmp_path / "map.json")) == read_names(str(tmp_path / "map.yaml")) == pairs


@pytest.mark.parametrize("text", ["hip", "hip=", "=Hips", "hip=Hips,Spine"])
def test_a_text_without_pairs_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no pair of joints; SOURCE=TARGET"):
        read_names(text)


@pytest.mark.parametrize("content", ["{", "[1, 2]", "{}", "hip: 3", "hip: [[Hips]]", "3: Hips"])
def test_a_file_that_is_no_map_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    path.write_text(content)
    with pytest.raises(ValueError, match=str(path)):
        read_names(str(path))
