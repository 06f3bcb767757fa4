"""Retargeting keeps the pose, whatever the bodies, axes and rest poses of the two skeletons are."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from feature_extraction.motion import edit, rotation
from feature_extraction.motion.bvh import read_bvh
from feature_extraction.motion.joint_map import match
from feature_extraction.motion.retarget import AXES_TURNS, retarget
from feature_extraction.motion.skeleton import Motion, Skeleton, fk, joint_positions, local_positions
from tests.feature_extraction.motion.synthetic import human, random_rotations, recordings, wander

PRECISE = 1e-5
"""What bones may be off by, in heights; their directions are pulled to their parents' by 1e-6."""
LIMBS = tuple(
    (side + one, side + other)
    for side in ("Left", "Right")
    for one, other in (("Shoulder", "Arm"), ("Arm", "ForeArm"), ("ForeArm", "Hand"), ("UpLeg", "Leg"), ("Leg", "Foot"))
)


@pytest.fixture
def motion() -> Motion:
    rng = np.random.default_rng(12)
    return wander(rng, human(rng), 40, 30.0)


def retargeted(motion: Motion, target: Motion) -> Motion:
    return retarget(motion, target, match(motion.skeleton, target.skeleton))


def turned_at_rest(motion: Motion, turns: np.ndarray) -> Motion:
    """The same motion of the same body, whose zero pose has each joint turned by `turns` (joints, 4) in the world."""
    skeleton = motion.skeleton
    world, _ = fk(motion.rotations, local_positions(motion), skeleton.parents)
    world = rotation.mul(world, turns)
    parents = list(skeleton.parents[1:])
    rotations = world.copy()
    rotations[:, 1:] = rotation.mul(rotation.inv(world[:, parents]), world[:, 1:])
    offsets = skeleton.offsets.copy()
    offsets[1:] = rotation.mul_vec(rotation.inv(turns[parents]), offsets[1:])
    ends = [(j, rotation.mul_vec(rotation.inv(turns[j]), np.array(end)).tolist()) for j, end in skeleton.end_sites]
    changed = replace(skeleton, offsets=offsets, end_sites=tuple((j, tuple(end)) for j, end in ends))
    return replace(motion, skeleton=changed, rotations=rotations)


def assert_same_places(one: Motion, other: Motion, precision: float = PRECISE) -> None:
    places = joint_positions(other, end_sites=True)
    np.testing.assert_allclose(joint_positions(one, True), places, atol=precision * other.skeleton.height)


def directions(motion: Motion, pairs: Iterable[tuple[str, str]]) -> np.ndarray:
    """Unit vectors (frames, pairs, 3) from joint to joint."""
    ends = [[motion.skeleton.index(name) for name in pair] for pair in pairs]
    places = joint_positions(motion)[:, np.array(ends)]
    ways = places[:, :, 1] - places[:, :, 0]
    return ways / np.linalg.norm(ways, axis=-1, keepdims=True)


def test_onto_itself_is_the_original(motion: Motion) -> None:
    same = retargeted(motion, motion)
    np.testing.assert_allclose(same.rotations, motion.rotations, atol=1e-9)
    np.testing.assert_allclose(same.positions, motion.positions, atol=1e-10)
    assert same.skeleton.to_dict() == motion.skeleton.to_dict()
    assert same.fps == motion.fps


def test_onto_itself_is_the_original_for_real_skeletons(shared_data: Path) -> None:
    tried = 0
    for path in recordings(shared_data):
        recorded = read_bvh(path)
        if len(recorded.skeleton.moving) == 1:
            part = recorded.cut(0, 50)
            assert_same_places(retargeted(part, recorded), part, 1e-9)
            tried += 1
    assert tried > 10


def test_onto_a_larger_body_is_larger(motion: Motion) -> None:
    large = edit.rescale(motion, 2.5)
    assert_same_places(retargeted(motion, large), large, 1e-9)


@pytest.mark.parametrize("turn", range(0, 24, 5))
def test_axes_may_differ(turn: int, motion: Motion) -> None:
    other = turned_at_rest(motion, np.tile(AXES_TURNS[turn], (len(motion.skeleton.names), 1)))
    assert_same_places(retargeted(motion, other), motion, 1e-9)
    assert_same_places(retargeted(other, motion), motion, 1e-9)


def test_arms_and_legs_may_rest_elsewhere(motion: Motion) -> None:
    """Arms hang by 50 degrees and legs are spread by 20, while feet are as level as before."""
    hanging = resting_elsewhere(motion, {"LeftArm": -50, "RightArm": 50, "LeftUpLeg": 20, "RightUpLeg": -20})
    assert_same_places(retargeted(motion, hanging), motion)
    assert_same_places(retargeted(hanging, motion), motion)


def resting_elsewhere(motion: Motion, angles: dict[str, float]) -> Motion:
    """A zero pose that has the bones of some joints, and all below but feet, turned in the plane of the body."""
    skeleton = motion.skeleton
    turns = rotation.identity(len(skeleton.names))
    for j, (name, parent) in enumerate(zip(skeleton.names, skeleton.parents, strict=True)):
        if name in angles:
            bone = skeleton.offsets[skeleton.parents.index(j)]
            axis = np.cross(bone, np.cross([0, 0, 1], bone))
            turn = rotation.from_axis_angle(axis / np.linalg.norm(axis), np.radians(angles[name]))
            turns[j] = rotation.inv(turn)
        elif parent >= 0 and not name.endswith(("Foot", "ToeBase")):
            turns[j] = turns[parent]
    return turned_at_rest(motion, turns)


def test_bones_point_the_same_way_even_if_the_zero_pose_is_none(motion: Motion) -> None:
    scrambled = turned_at_rest(motion, random_rotations(np.random.default_rng(1), len(motion.skeleton.names)))
    for one, other in ((motion, scrambled), (scrambled, motion)):
        moved = retargeted(one, other)
        np.testing.assert_allclose(directions(moved, LIMBS), directions(motion, LIMBS), atol=PRECISE)


@pytest.mark.parametrize("facing", [0.0, 37.0, -160.0])
def test_a_frame_that_shows_the_rest_pose_says_all(facing: float, motion: Motion) -> None:
    count = len(motion.skeleton.names)
    turns = random_rotations(np.random.default_rng(1), count)
    scrambled = turned_at_rest(motion, turns)
    shown = turned_at_rest(replace(motion, rotations=rotation.identity(motion.frames, count)), turns).rotations[0]
    shown[0] = rotation.mul(rotation.yaw(np.radians(facing)), shown[0])
    joints = match(motion.skeleton, scrambled.skeleton)
    back = retarget(scrambled, motion, joints, rest=shown)
    assert_same_places(back, motion, 1e-9)
    np.testing.assert_allclose(np.abs(np.sum(back.rotations * motion.rotations, axis=-1)), 1, atol=1e-12)
    assert_same_places(retarget(motion, scrambled, joints, target_rest=shown), motion, 1e-9)


def test_bones_keep_the_targets_lengths_and_the_sources_directions(motion: Motion) -> None:
    rng = np.random.default_rng(77)
    other = wander(rng, human(rng, spine=("Spine", "Spine1", "Spine2", "Spine3")), 3, 60.0)
    moved = retargeted(motion, other)
    assert moved.skeleton.to_dict() == other.skeleton.to_dict()
    assert (moved.fps, moved.frames) == (motion.fps, motion.frames)
    np.testing.assert_allclose(directions(moved, LIMBS), directions(motion, LIMBS), atol=PRECISE)


def test_joints_that_nothing_drives_keep_their_rest(motion: Motion) -> None:
    names = [(name, name) for name in motion.skeleton.names if not name.endswith(("Thumb1", "Hand", "Spine1"))]
    moved = retarget(motion, motion, match(motion.skeleton, motion.skeleton, names))
    for name in ("LeftHandThumb1", "RightHand", "Spine1"):
        joint = motion.skeleton.index(name)
        np.testing.assert_array_equal(moved.rotations[:, joint], rotation.identity(motion.frames))
    pairs = [(one, other) for one, other in LIMBS if not other.endswith("Hand")]
    np.testing.assert_allclose(directions(moved, pairs), directions(motion, pairs), atol=PRECISE)


@pytest.mark.parametrize("up", ["y", "z"])
def test_feet_are_on_the_floor_that_the_source_stands_on(up: str, motion: Motion) -> None:
    axis = "xyz".index(up)
    lying = edit.turn(motion, rotation.inv(edit.UPRIGHT[up]))
    floor = edit.shift(lying, -np.eye(3)[axis] * lowest(lying, axis))
    other = with_longer_thighs(motion.skeleton, 1.3)
    moved = retargeted(floor, replace(motion, skeleton=other))
    assert lowest(floor, axis) == pytest.approx(0, abs=1e-9)
    assert lowest(moved, axis) == pytest.approx(0, abs=1e-9)


def lowest(motion: Motion, axis: int) -> float:
    """The height of the floor by the lowest foot, above which it is in all but a twentieth of the frames."""
    feet = [j for j, name in enumerate(motion.skeleton.names) if name.endswith(("Foot", "ToeBase"))]
    return float(np.quantile(joint_positions(motion)[:, feet, axis].min(axis=1), 0.05))


def with_longer_thighs(skeleton: Skeleton, factor: float) -> Skeleton:
    offsets = skeleton.offsets.copy()
    offsets[[skeleton.index("LeftLeg"), skeleton.index("RightLeg")]] *= factor
    return replace(skeleton, offsets=offsets)


def test_the_way_is_scaled_as_the_legs_are(motion: Motion) -> None:
    legs = [f"{side}{part}" for side in ("Left", "Right") for part in ("UpLeg", "Leg", "Foot", "ToeBase")]
    offsets = motion.skeleton.offsets.copy()
    offsets[[motion.skeleton.index(name) for name in legs]] *= 1.5
    moved = retargeted(motion, replace(motion, skeleton=replace(motion.skeleton, offsets=offsets)))
    np.testing.assert_allclose(moved.positions[..., [0, 2]], 1.5 * motion.positions[..., [0, 2]], rtol=1e-9)


def test_sliding_joints_of_the_target_stay_at_their_means(motion: Motion) -> None:
    rng = np.random.default_rng(9)
    sliding = wander(rng, human(rng, moving=("LeftArm",)), 50, 30.0)
    moved = retargeted(motion, sliding)
    assert moved.skeleton.moving == (0,)
    arm = sliding.skeleton.index("LeftArm")
    np.testing.assert_allclose(moved.skeleton.offsets[arm], sliding.positions[:, 1].mean(axis=0))


def test_the_same_take_in_two_dialects_is_alike(shared_data: Path) -> None:
    """CMU 05_20 was published on two skeletons, whose converter is not known: they agree within its own liberties."""
    source = read_bvh(shared_data / "bvh" / "cmu_05_20_mb_dance.bvh")
    target = read_bvh(shared_data / "bvh" / "cmu_05_20_daz_dance.bvh")
    names = [("Hips", "hip"), ("Spine", "abdomen"), ("Spine1", "chest"), ("Neck1", "neck"), ("Head", "head")]
    for side, short in (("Left", "l"), ("Right", "r")):
        for one, other in zip(
            ("Shoulder", "Arm", "ForeArm", "Hand", "UpLeg", "Leg", "Foot"),
            ("Collar", "Shldr", "ForeArm", "Hand", "Thigh", "Shin", "Foot"),
            strict=True,
        ):
            names.append((side + one, short + other))
    joints = match(source.skeleton, target.skeleton, names)
    moved = retarget(source, target, joints)
    places, true = joint_positions(moved)[:, list(joints)], joint_positions(target)[:, list(joints)]
    apart = np.linalg.norm((places - places[:, :1]) - (true - true[:, :1]), axis=-1) / target.skeleton.height
    assert apart.mean() < 0.025
    assert apart.mean(axis=0).max() < 0.06


def test_a_map_of_the_root_alone_moves_the_root(motion: Motion) -> None:
    moved = retarget(motion, motion, {0: 0})
    np.testing.assert_allclose(moved.positions, motion.positions, atol=1e-9)
    np.testing.assert_allclose(moved.rotations[:, 0], motion.rotations[:, 0], atol=1e-12)
