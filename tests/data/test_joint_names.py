"""The joint names of the corpora that others have recorded are understood by all that read names of joints."""

import pytest

from analysis.render.anatomy import INDEX, corners
from analysis.render.stance import stance_of
from feature_extraction.motion.bvh import read_bvh
from feature_extraction.motion.joint_guess import parts_of
from feature_extraction.motion.sides import side_of, twin_of
from inference.legs import legs_of
from tests.data.conftest import Make
from tests.data.miniatures import FIRST, WRITE


@pytest.mark.parametrize("name", WRITE)
def test_every_corpus_has_two_arms_and_two_legs_of_the_same_sides_for_all(name: str, made: Make) -> None:
    motion = read_bvh(made(name) / f"{FIRST[name]}.bvh").cut(0, 1)
    tree, skeleton = stance_of(motion).tree, motion.skeleton
    found = corners(tree)
    assert found is not None
    sides = [side_of(tree.names[point]) for point in found]
    assert sides == ["l", "r", "l", "r"]
    assert [tree.sides[point] for point in found] == [INDEX[side] for side in sides]
    parts = parts_of(skeleton)
    limbs = ("thigh", "thigh", "upper arm", "upper arm")
    assert [parts[point] for point in found] == list(zip(sides, limbs, strict=True))
    left, right = legs_of(tree, skeleton)
    assert [parts[leg.ankle] for leg in (left, right)] == [("l", "foot"), ("r", "foot")]
    for one, other in ((left.hip, right.hip), (left.knee, right.knee), (left.ankle, right.ankle)):
        assert twin_of(skeleton.names[one], skeleton.names) == skeleton.names[other]
