"""The mirror image is one, for any skeleton, and its mirror image is the original."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from feature_extraction.motion.bvh import read_bvh
from feature_extraction.motion.mirror import mirror, twins
from feature_extraction.motion.skeleton import Motion, Skeleton, joint_positions
from tests.feature_extraction.motion.synthetic import human, wander

REFLECT = np.array([-1, 1, 1])
SIDES = {"Left": "Right", "Right": "Left"}


def named(*names: str) -> Skeleton:
    return Skeleton(names, (-1, *(0 for _ in names[1:])), np.zeros((len(names), 3)), ("ZXY",) * len(names))


@pytest.fixture
def motion() -> Motion:
    rng = np.random.default_rng(6)
    return wander(rng, human(rng, moving=("LeftArm", "RightLeg")), frames=30, fps=60)


def assert_is_mirror_image(image: Motion, motion: Motion) -> None:
    skeleton, reflected = motion.skeleton, image.skeleton
    twin = twins(skeleton)
    np.testing.assert_allclose(joint_positions(image)[:, twin], joint_positions(motion) * REFLECT, atol=1e-9)
    ends = joint_positions(motion, end_sites=True)[:, len(skeleton.names) :] * REFLECT
    image_ends = joint_positions(image, end_sites=True)[:, len(skeleton.names) :]
    for j in range(len(skeleton.names)):
        mine = [ends[:, k] for k, (joint, _) in enumerate(skeleton.end_sites) if joint == j]
        its = [image_ends[:, k] for k, (joint, _) in enumerate(reflected.end_sites) if joint == twin[j]]
        np.testing.assert_allclose(its, mine, atol=1e-9)


def test_positions_are_reflected_for_asymmetric_bones_and_any_orders(motion: Motion) -> None:
    assert_is_mirror_image(mirror(motion), motion)
    assert mirror(motion).skeleton.orders == motion.skeleton.orders
    assert mirror(motion).skeleton.moving == tuple(sorted([0, *map(motion.skeleton.index, ("RightArm", "LeftLeg"))]))


def test_mirrored_twice_is_the_original(motion: Motion) -> None:
    twice = mirror(mirror(motion))
    np.testing.assert_array_equal(twice.rotations, motion.rotations)
    np.testing.assert_array_equal(twice.positions, motion.positions)
    assert twice.skeleton.to_dict() == motion.skeleton.to_dict()


@pytest.mark.parametrize("name", ["c_genea_yxz_60fps", "d_toy_mixed_60fps"])
def test_it_is_right_where_the_reference_is_not(name: str, parity: Path) -> None:
    """The reference leaves asymmetric offsets as they are (c) and swaps angles of different orders (d)."""
    motion = read_bvh(parity / "motion" / f"{name}.bvh")
    assert_is_mirror_image(mirror(motion), motion)
    reference = np.load(parity / "motion" / f"{name}.npz")
    names = json.loads(str(reference["transflower/inverse_pos_joints_json"]))
    twin = [names.index(re.sub("Left|Right", lambda side: SIDES[side[0]], joint)) for joint in names]
    true_image = reference["transflower/inverse_pos"][:, twin] * REFLECT
    assert np.abs(reference["transflower/inverse_pos_mirrored"] - true_image).max() > 1


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("LeftArm", "RightArm"), ("left_arm", "right_arm"), ("l_arm", "r_arm"), ("L_Arm", "R_Arm"), ("LArm", "RArm"),
        ("arm.L", "arm.R"), ("arm_l", "arm_r"), ("Arm_Left", "Arm_Right"), ("ArmLeft", "ArmRight"), ("arm-l", "arm-r"),
        ("lShldr", "rShldr"), ("mixamorig:LeftArm", "mixamorig:RightArm"), ("ns:lArm", "ns:rArm"),
        ("LEFTARM", "RIGHTARM"),
        ("Bip01 L UpperArm", "Bip01 R UpperArm"), ("LHipJoint", "RHipJoint"), ("armL", "armR"), ("leftEye", "rightEye"),
        ("finger1-1.L", "finger1-1.R"), ("upper_arm.L.001", "upper_arm.R.001"), ("Left_Toe_Left", "Right_Toe_Right"),
    ],
)  # fmt: skip
def test_spellings_of_left_and_right(left: str, right: str) -> None:
    assert twins(named("Root", left, "Spine", right)) == [0, 3, 2, 1]
    with pytest.raises(ValueError, match=f"joint '{right}' has no twin"):
        twins(named("Root", right))


@pytest.mark.parametrize(
    "name",
    [
        "Hips",
        "LowerBack",
        "Ribs",
        "LOWERBACK",
        "ROOT",
        "RIBS",
        "Leg",
        "L5",
        "T8",
        "tail",
        "Collar",
        "spine.001",
        "Root",
        "Lumbar",
        "mixamorig:Ribs",
    ],
)
def test_central_joints_are_their_own_twins(name: str) -> None:
    assert twins(named("pelvis", name)) == [0, 1]


def test_capitals_say_a_side_only_if_the_other_side_is_there() -> None:
    assert twins(named("ROOT", "LHIPJOINT", "RHIPJOINT", "RIBS")) == [0, 2, 1, 3]


def test_a_joint_without_twin_is_named() -> None:
    with pytest.raises(ValueError, match="cannot mirror: joint 'LeftTail' has no twin 'RightTail'"):
        twins(named("Hips", "LeftTail"))


def test_twins_on_different_parents_are_refused(motion: Motion) -> None:
    parents = list(motion.skeleton.parents)
    parents[motion.skeleton.index("RightHand")] = motion.skeleton.index("RightArm")
    with pytest.raises(
        ValueError, match="'LeftHand' hangs on 'LeftForeArm', but its twin 'RightHand' hangs on 'RightArm'"
    ):
        twins(replace(motion.skeleton, parents=tuple(parents)))


def test_a_root_on_one_side_is_refused() -> None:
    with pytest.raises(ValueError, match="'LeftFoot' and 'RightFoot' are not each other's twins"):
        twins(named("LeftFoot", "RightFoot"))


@pytest.mark.parametrize(
    "name", ["cmu_05_20_daz_dance", "mh_tpose", "reactidle_003_genuine", "freebvh_crlf", "ad_jesse_dance"]
)
def test_real_skeletons_are_mirrored(name: str, shared_data: Path) -> None:
    motion = read_bvh(shared_data / "bvh" / f"{name}.bvh").cut(0, 50)
    assert_is_mirror_image(mirror(motion), motion)
