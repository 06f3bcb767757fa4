"""Names and bone lengths tell left from right, limbs, trunk and head."""

import numpy as np
import pytest

from analysis.render.anatomy import LEFT, MIDDLE, RIGHT, Tree, corners, head, side
from feature_extraction.motion.bvh import read_bvh
from feature_extraction.motion.skeleton import joint_positions


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("LeftArm", LEFT),
        ("mixamorig:RightHandIndex1", RIGHT),
        ("lThigh", LEFT),
        ("RHipJoint", RIGHT),
        ("thigh.L", LEFT),
        ("arm_right", RIGHT),
        ("L_Foot", LEFT),
        ("LowerBack", MIDDLE),
        ("Root", MIDDLE),
        ("Hips", MIDDLE),
        ("eye.R", RIGHT),
    ],
)
def test_a_name_tells_the_side(name, expected):
    assert side(name) == expected


def test_a_side_without_its_twin_is_the_middle():
    tree = Tree(("RIBS", "LUMBAR", "LHand", "RHand"), (-1, 0, 1, 1), np.ones(4))
    assert tree.sides == (MIDDLE, MIDDLE, LEFT, RIGHT)


def test_the_height_does_not_depend_on_where_the_tree_is_cut():
    chain = Tree(tuple("abcd"), (-1, 0, 1, 2), np.array([0.0, 1.0, 2.0, 3.0]))
    fork = Tree(tuple("abcd"), (-1, 0, 1, 0), np.array([0.0, 1.0, 2.0, 3.0]))
    assert chain.height == fork.height > 0
    assert Tree(("a",), (-1,), np.zeros(1)).height == 1.0


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ad_jesse_dance", ["LeftUpLeg", "RightUpLeg", "LeftArm", "RightArm"]),
        ("cmu_05_20_daz_dance", ["lThigh", "rThigh", "lShldr", "rShldr"]),
        ("pybvh_cmu_12_01_walk", ["LeftUpLeg", "RightUpLeg", "LeftArm", "RightArm"]),
        ("reactidle_003_genuine", ["thigh.L", "thigh.R", "upper_arm.L", "upper_arm.R"]),
        ("mh_face_poseunits", ["upperleg01.L", "upperleg01.R", "upperarm01.L", "upperarm01.R"]),
        ("pybvh_rotation_first_root", None),
    ],
)
def test_the_trunk_has_hips_and_shoulders(shared_data, name, expected):
    motion = read_bvh(shared_data / "bvh" / f"{name}.bvh")
    skeleton = motion.skeleton
    points = joint_positions(motion.cut(0, 1))[0]
    lengths = np.linalg.norm(points - points[np.maximum(skeleton.parents, 0)], axis=-1)
    tree = Tree(skeleton.names, skeleton.parents, lengths)
    found = corners(tree)
    assert (found and [tree.names[point] for point in found]) == expected


def test_the_head_is_found_by_name():
    tree = Tree(("Hips", "Neck", "ns:Head", "HeadTop"), (-1, 0, 1, 2), np.ones(4))
    assert head(tree) == 2
    assert head(Tree(("Head", "Tail"), (-1, 0), np.ones(2))) is None
