"""The mirror image is one, for any skeleton, and its mirror image is the original."""

import json
import logging
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from feature_extraction.expmap_features import ExpmapFeatures
from feature_extraction.motion import rotation
from feature_extraction.motion.bvh import read_bvh
from feature_extraction.motion.mirror import _tell_once, mirror, twins
from feature_extraction.motion.skeleton import Motion, Skeleton, joint_positions
from tests.data.miniatures import along_x, moving
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


def on_axes(motion: Motion, axes: np.ndarray) -> Motion:
    """The same motion on a skeleton all of whose joints have other axes, turned by `axes` (4)."""
    skeleton, back = motion.skeleton, rotation.inv(axes)
    ends = tuple((j, tuple(rotation.mul_vec(back, np.array(end)).tolist())) for j, end in skeleton.end_sites)
    rotations = rotation.mul(rotation.mul(back, motion.rotations), axes)
    rotations[:, 0] = rotation.mul(motion.rotations[:, 0], axes)
    turned = replace(skeleton, offsets=rotation.mul_vec(back, skeleton.offsets), end_sites=ends)
    return replace(motion, skeleton=turned, rotations=rotations)


def as_lafan1(motion: Motion) -> Motion:
    """The same motion where a body at rest lies along x and the left is z, in every joint."""
    return on_axes(motion, rotation.from_matrix(np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])))


def askew(motion: Motion) -> Motion:
    return on_axes(motion, rotation.from_axis_angle(np.array([0.0, 0.6, 0.8]), 0.9))


@pytest.mark.parametrize("axes", [as_lafan1, along_x, askew])
def test_whatever_the_joints_axes_are_the_image_is_of_the_same_skeleton_and_means_the_same(axes) -> None:
    motion = axes(moving(0, 30.0))
    image = mirror(motion)
    assert_is_mirror_image(image, motion)
    np.testing.assert_allclose(image.skeleton.offsets, motion.skeleton.offsets, atol=1e-5)
    expected = rotation.mul(rotation.inv(axes(mirror(moving(0, 30.0))).rotations), image.rotations)
    np.testing.assert_allclose(rotation.log(expected), 0.0, atol=1e-6)
    encoded = {name: ExpmapFeatures(20.0, "all").encode(each) for name, each in (("a", motion), ("b", image))}
    merged = ExpmapFeatures(20.0, "all").merge_decodings({name: each.decoding for name, each in encoded.items()})
    np.testing.assert_allclose(merged["skeleton"]["offsets"], motion.skeleton.offsets, atol=1e-5)


@pytest.mark.parametrize("axes", [as_lafan1, along_x, askew])
def test_on_any_axes_mirrored_twice_is_the_original(axes) -> None:
    motion = axes(moving(1, 30.0))
    twice = mirror(mirror(motion))
    np.testing.assert_allclose(
        rotation.log(rotation.mul(rotation.inv(twice.rotations), motion.rotations)), 0, atol=1e-6
    )
    np.testing.assert_allclose(twice.positions, motion.positions)
    np.testing.assert_allclose(twice.skeleton.offsets, motion.skeleton.offsets, atol=1e-5)


def test_the_image_heads_where_the_mirrored_body_does() -> None:
    """LaFAN1's hips have the left as z; what is called heading must not turn by half a turn in the image."""
    motion = as_lafan1(moving(2, 30.0))
    left, right = (motion.skeleton.index(f"{side}UpLeg") for side in ("Left", "Right"))
    for each in (motion, mirror(motion)):
        places = joint_positions(each)
        sideways = places[:, left] - places[:, right]
        off = rotation.heading(each.rotations[:, 0]) - np.arctan2(sideways[:, 0], sideways[:, 2])
        np.testing.assert_allclose(np.cos(off), 1.0)


@pytest.mark.parametrize("name", ["bvhtools_test2", "ad_jesse_dance"])
def test_real_skeletons_whose_bones_lie_along_x_stay_as_they_are(name: str, shared_data: Path) -> None:
    motion = read_bvh(shared_data / "bvh" / f"{name}.bvh")
    image, later = mirror(motion.cut(0, 100)), mirror(motion.cut(100, motion.frames))
    assert_is_mirror_image(image, motion.cut(0, 100))
    height = motion.skeleton.height
    np.testing.assert_allclose(image.skeleton.offsets, motion.skeleton.offsets, atol=1e-3 * height)
    whole = mirror(motion).rotations
    np.testing.assert_array_equal(np.concatenate([image.rotations, later.rotations]), whole)  # in any part the same


def test_where_bones_are_mirrored_at_x_so_is_every_rotation(motion: Motion) -> None:
    for each in (motion, moving(0, 30.0)):
        expected = each.rotations[:, twins(each.skeleton)] * [1.0, 1.0, -1.0, -1.0]
        assert mirror(each).rotations.tobytes() == expected.tobytes()


def test_sides_that_are_not_built_alike_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    motion = moving(0, 30.0)
    mirror(motion)
    assert caplog.messages == []
    offsets = motion.skeleton.offsets.copy()
    offsets[motion.skeleton.index("LeftLeg")] *= 2
    lame = replace(motion, skeleton=replace(motion.skeleton, offsets=offsets))
    _tell_once.cache_clear()
    with caplog.at_level(logging.WARNING):
        for each in (lame, lame.cut(1, lame.frames)):
            mirror(each)
    (told,) = caplog.messages
    assert "not built alike: in the mirror image the bone of RightLeg is off by 100 %" in told


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
