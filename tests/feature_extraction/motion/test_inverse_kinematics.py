"""Rotations out of places: bones point where they should, and what the places do not say is as at rest."""

from dataclasses import replace

import numpy as np
import pytest

from feature_extraction.motion import inverse_kinematics, rotation
from feature_extraction.motion.skeleton import Motion, Skeleton, joint_positions
from tests.feature_extraction.motion.round_trip import SPINE, bone_directions, seeded
from tests.feature_extraction.motion.synthetic import random_rotations


def solved(motion: Motion, known: list[int] | None = None, rest: np.ndarray | None = None) -> Motion:
    """Give a motion as its joints' places alone tell it."""
    skeleton = motion.skeleton
    known = list(range(len(skeleton.names))) if known is None else known
    rest = rotation.identity(len(skeleton.names)) if rest is None else rest
    rotations, positions = inverse_kinematics.solve(joint_positions(motion), known, skeleton, rest)
    return Motion(skeleton, motion.fps, rotations, positions)


def chain(*offsets: tuple[float, float, float]) -> Skeleton:
    """Give a chain of joints, the root at its beginning."""
    count = len(offsets) + 1
    return Skeleton(
        tuple(f"joint_{j}" for j in range(count)), tuple(range(-1, count - 1)), np.array([(0, 0, 0), *offsets]) * 1.0,
        ("ZXY",) * count,
    )  # fmt: skip


def test_joints_are_where_they_should_be() -> None:
    motion = seeded()
    np.testing.assert_allclose(joint_positions(solved(motion)), joint_positions(motion), atol=1e-3)


def test_a_joint_with_several_bones_is_turned_exactly() -> None:
    motion = seeded()
    found = solved(motion)
    away = rotation.mul(rotation.inv(found.rotations[:, 0]), motion.rotations[:, 0])
    np.testing.assert_allclose(rotation.log(away), 0, atol=1e-4)


def test_a_bone_does_not_turn_about_itself() -> None:
    skeleton = chain((0, 10, 0), (0, 10, 0))
    rotations = rotation.identity(8, 3)
    rotations[:, 1] = rotation.mul(
        rotation.from_euler(np.full((8, 1), 0.7), "X"), rotation.from_euler(np.linspace(0, 3, 8)[:, None], "Y")
    )
    found = solved(Motion(skeleton, 20, rotations, np.zeros((8, 1, 3))))
    np.testing.assert_allclose(rotation.log(found.rotations[:, 1]), np.tile([0.7, 0, 0], (8, 1)), atol=1e-5)


def test_the_rest_fills_what_places_do_not_say() -> None:
    skeleton = chain((0, 10, 0), (0, 10, 0))
    twisted = rotation.exp(np.array([[0.0, 0.4, 0.0], [0.0, -1.1, 0.0], [0.3, 0.2, 0.1]]))
    motion = Motion(skeleton, 20, np.tile(twisted, (4, 1, 1)), np.zeros((4, 1, 3)))
    np.testing.assert_allclose(solved(motion, rest=twisted).rotations, motion.rotations, atol=1e-6)


def test_bones_point_anywhere_even_straight_back() -> None:
    rng = np.random.default_rng(5)
    skeleton = chain((0, 10, 0), (3, 2, 1), (0, 0, 4))
    rotations = random_rotations(rng, 300, 4)
    rotations[0] = rotation.exp(np.array([[np.pi, 0, 0], [0, np.pi, 0], [0, 0, np.pi], [0, 0, 0]]))
    motion = Motion(skeleton, 20, rotations, np.zeros((300, 1, 3)))
    np.testing.assert_allclose(bone_directions(solved(motion)), bone_directions(motion), atol=1e-5)


def test_moving_joints_take_exactly_their_places() -> None:
    motion = seeded(moving=("LeftLeg", "Spine"))
    found = solved(motion)
    places = [motion.skeleton.index(name) for name in ("LeftLeg", "Spine")]
    np.testing.assert_allclose(joint_positions(found)[:, places], joint_positions(motion)[:, places], atol=1e-9)
    np.testing.assert_allclose(joint_positions(found), joint_positions(motion), atol=1e-3)


def test_bones_keep_their_lengths_where_places_have_others() -> None:
    motion = seeded()
    shorter = replace(motion, skeleton=replace(motion.skeleton, offsets=motion.skeleton.offsets * 0.9))
    everything = range(len(motion.skeleton.names))
    rest = rotation.identity(len(motion.skeleton.names))
    rotations, positions = inverse_kinematics.solve(joint_positions(shorter), everything, motion.skeleton, rest)
    found = Motion(motion.skeleton, motion.fps, rotations, positions)
    np.testing.assert_allclose(bone_directions(found), bone_directions(motion), atol=1e-5)


def test_joints_in_the_same_place_are_looked_through() -> None:
    """CMU's hips have only such children: they are turned by the thighs and the spine that hang on those."""
    skeleton = Skeleton(
        ("Hips", "LHip", "LeftLeg", "RHip", "RightLeg", "Back", "Chest"),
        (-1, 0, 1, 0, 3, 0, 5),
        np.array([[0, 0, 0], [0, 0, 0], [5, -5, 0], [0, 0, 0], [-5, -5, 0], [0, 0, 0], [0, 9, -1]], dtype=float),
        ("ZXY",) * 7,
    )
    rotations = rotation.identity(50, 7)
    rotations[:, 0] = random_rotations(np.random.default_rng(6), 50)
    found = solved(Motion(skeleton, 20, rotations, np.zeros((50, 1, 3))))
    np.testing.assert_allclose(np.abs(np.sum(found.rotations * rotations, axis=-1)), 1, atol=1e-9)


def test_unknown_joints_rest_and_known_ones_below_them_keep_their_directions() -> None:
    motion = seeded(spine=SPINE)
    names = motion.skeleton.names
    known = [j for j, name in enumerate(names) if name not in SPINE[2:]]
    rest = rotation.mean(motion.rotations)
    found = solved(motion, known, rest)
    unknown = [names.index(name) for name in SPINE[2:]]
    np.testing.assert_allclose(found.rotations[:, unknown], np.tile(rest[unknown], (200, 1, 1)), atol=1e-9)
    single = [names.index(f"{side}{part}") - 1 for side in ("Left", "Right") for part in ("ForeArm", "Hand", "Leg")]
    np.testing.assert_allclose(bone_directions(found)[:, single], bone_directions(motion)[:, single], atol=1e-5)


@pytest.mark.parametrize("frames", [1, 2])
def test_few_frames_are_solved(frames: int) -> None:
    motion = seeded(frames)
    np.testing.assert_allclose(joint_positions(solved(motion)), joint_positions(motion), atol=1e-3)


def test_all_joints_in_one_place_are_at_rest() -> None:
    skeleton = chain((0, 10, 0))
    rotations, positions = inverse_kinematics.solve(np.zeros((3, 2, 3)), [0, 1], skeleton, rotation.identity(2))
    np.testing.assert_allclose(rotations, rotation.identity(3, 2))
    np.testing.assert_array_equal(positions, np.zeros((3, 1, 3)))
