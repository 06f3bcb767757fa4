"""The root's steps: what the reference gives, and back without loss."""

import json
from pathlib import Path

import numpy as np
import pytest

from feature_extraction.motion import root, rotation
from feature_extraction.motion.bvh import read_bvh
from feature_extraction.motion.resample import resample
from tests.feature_extraction.motion.synthetic import human, wander

PARITY_FILES = ["a_mixamo_zxy_60fps", "b_mixamo_xyz_120fps", "c_genea_yxz_60fps", "d_toy_mixed_60fps"]


def circle(frames: int, turns: float) -> tuple[np.ndarray, np.ndarray]:
    """Give a walk along a circle of radius 2, looking ahead, at height 1."""
    angle = np.linspace(0, 2 * np.pi * turns, frames)
    ahead = rotation.yaw(angle + np.pi / 2)
    return ahead, np.column_stack([2 * np.sin(angle), np.ones(frames), 2 * np.cos(angle)])


def test_a_walk_in_a_circle_is_steps_forward_and_turns() -> None:
    steps, turned, start = root.encode(*circle(101, 1.0))
    angle = 2 * np.pi / 100
    np.testing.assert_allclose(steps[:, 2], angle, atol=1e-12)
    np.testing.assert_allclose(np.hypot(steps[:, 0], steps[:, 1]), 4 * np.sin(angle / 2), atol=1e-12)
    np.testing.assert_allclose(np.arctan2(steps[:, 0], steps[:, 1]), -angle / 2, atol=1e-12)
    np.testing.assert_allclose(start, [0, 2, np.pi / 2], atol=1e-12)
    np.testing.assert_allclose(np.abs(turned[:, 0]), 1, atol=1e-12)


@pytest.mark.parametrize("turns", [0.0, 0.4, 5.0, -7.3])
def test_back_is_where_it_came_from(turns: float) -> None:
    rng = np.random.default_rng(4)
    motion = wander(rng, human(rng), 400, 60, turns)
    rotations, positions = motion.rotations[:, 0], motion.positions[:, 0]
    steps, turned, start = root.encode(rotations, positions)
    back_rotations, back_positions = root.decode(steps, positions[:, 1], turned, start)
    np.testing.assert_allclose(np.abs(np.sum(back_rotations * rotations, axis=-1)), 1, atol=1e-12)
    np.testing.assert_allclose(back_positions, positions, atol=1e-9)


def test_steps_do_not_know_where_and_whither() -> None:
    rotations, positions = circle(30, 0.6)
    moved = rotation.mul_vec(rotation.yaw(2.1), positions) + np.array([5.0, 0.0, -3.0])
    steps, turned, _ = root.encode(rotations, positions)
    other_steps, other_turned, _ = root.encode(rotation.mul(rotation.yaw(2.1), rotations), moved)
    np.testing.assert_allclose(other_steps, steps, atol=1e-12)
    np.testing.assert_allclose(np.abs(np.sum(other_turned * turned, axis=-1)), 1, atol=1e-12)


def test_the_first_step_repeats_the_second_and_is_zero_when_alone() -> None:
    steps, _, _ = root.encode(*circle(30, 0.6))
    np.testing.assert_array_equal(steps[0], steps[1])
    alone, _, _ = root.encode(*circle(1, 0.6))
    np.testing.assert_array_equal(alone, np.zeros((1, 3)))


@pytest.mark.parametrize("name", PARITY_FILES)
def test_steps_are_the_reference_ones(name: str, parity: Path) -> None:
    """But for the first: there the reference repeats the second way, though not seen from the second's heading."""
    motion = resample(read_bvh(parity / "motion" / f"{name}.bvh"), 20)
    reference = np.load(parity / "motion" / f"{name}.npz")
    columns = json.loads(str(reference["transflower/root_stage_columns_json"]))
    stage = dict(zip(columns, reference["transflower/root_stage"].T, strict=True))
    frames = len(reference["transflower/root_stage"])
    steps, turned, _ = root.encode(motion.rotations[:frames, 0], motion.positions[:frames, 0])
    for place, part in enumerate(["dXposition", "dZposition", "dYrotation"]):
        np.testing.assert_allclose(steps[1:, place], stage[f"Hips_{part}"][1:], atol=1e-8)
    order = motion.skeleton.orders[0]
    angles = np.radians(np.column_stack([stage[f"Hips_{axis}rotation"] for axis in order]))
    expected = rotation.from_euler(angles, order)
    assert np.abs(rotation.log(rotation.mul(rotation.inv(expected), turned))).max() < 1e-7
