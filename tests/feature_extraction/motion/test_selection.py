"""Joints are selected by whole names, whatever their prefix and case."""

import logging

import numpy as np
import pytest

from feature_extraction.motion.selection import SELECTIONS, select
from feature_extraction.motion.skeleton import Skeleton
from tests.feature_extraction.motion.synthetic import human


def named(*names: str) -> Skeleton:
    return Skeleton(names, (-1, *(0 for _ in names[1:])), np.zeros((len(names), 3)), ("ZXY",) * len(names))


@pytest.fixture
def body() -> Skeleton:
    return human(np.random.default_rng(5))


def test_the_default_is_the_twenty_joints_and_the_root(body: Skeleton) -> None:
    names = [body.names[j] for j in select(body)]
    assert len(SELECTIONS["default"]) == 20
    assert names == [name for name in body.names if not name.endswith("Thumb1")]


def test_gesture_is_the_upper_body(body: Skeleton) -> None:
    names = {body.names[j] for j in select(body, "gesture")}
    assert {"Hips", "Spine", "Head", "LeftHand"} <= names
    assert not any(name.endswith(("Leg", "Foot", "Thumb1")) for name in names)


def test_all_is_every_joint(body: Skeleton) -> None:
    assert select(body, "all") == tuple(range(len(body.names)))


def test_prefix_and_case_do_not_matter_but_the_whole_name_does() -> None:
    skeleton = named(
        "mixamorig:Hips", "mixamorig:SPINE", "mixamorig:Spine1", "mixamorig:LeftHandThumb1", "mixamorig:lefthand"
    )
    assert select(skeleton, ["LeftHand", "Spine"]) == (0, 1, 4)


def test_an_exact_name_goes_before_a_like_one() -> None:
    assert select(named("Hips", "a:Arm", "Arm"), ["Arm"]) == (0, 2)
    assert select(named("Hips", "a:Arm", "Arm"), ["a:Arm"]) == (0, 1)


def test_a_foreign_skeleton_is_taken_whole_and_one_line_says_so(caplog: pytest.LogCaptureFixture) -> None:
    skeleton = named("pelvis", "chest", "skull", "Head")
    with caplog.at_level(logging.INFO):
        assert [select(skeleton) for _ in range(5)] == [(0, 1, 2, 3)] * 5
    assert [record.getMessage() for record in caplog.records] == [
        "1 of the 20 joints of the selection 'default' are in the skeleton; all its 4 joints are used"
    ]


def test_half_of_the_default_joints_is_enough(body: Skeleton) -> None:
    half = named("Hips", *SELECTIONS["default"][:10], "Tail")
    assert select(half) == tuple(range(11))


def test_a_listed_joint_that_is_missing_is_an_error_with_near_names(body: Skeleton) -> None:
    with pytest.raises(LookupError, match="no joint named 'LeftHnd' in the skeleton; there are LeftHand"):
        select(body, ["LeftHnd"])
    with pytest.raises(LookupError, match="no selection of joints named 'danse': all, default, gesture or a list"):
        select(body, "danse")
