"""Feet that stand stay where they are; what does not stand is left alone."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from analysis.metrics.clip import Clip
from analysis.metrics.foot_skating_metric import FootSkatingMetric
from analysis.render.stance import stance_of
from feature_extraction.motion import edit, rotation
from feature_extraction.motion.bvh import read_bvh
from feature_extraction.motion.resample import resample
from feature_extraction.motion.skeleton import joint_positions
from inference import foot_locking
from inference.foot_locking import BLEND_S, FARTHEST, contacts, lock_feet
from inference.legs import legs_of

FPS = 30.0


def skating(motion):
    """Share of the frames with contact in which a foot slides, by the metric of evaluation."""
    clip = Clip.of_motion("walk", motion, metres=1.7 / stance_of(motion).height)
    metric = FootSkatingMetric()
    return metric.score([metric.describe(clip)])


def unsteady(motion, rng):
    """The motion with a body that trembles and drifts by 10 cm a second, as generated ones do."""
    tall = stance_of(motion).height
    tremble, drift = (
        gaussian_filter1d(rng.normal(size=(motion.frames, 3)), s * motion.fps, axis=0) for s in (0.15, 0.5)
    )
    drift = np.cumsum(drift * [1.0, 0.1, 1.0], axis=0)
    drift /= np.abs(np.diff(drift, axis=0)).mean() * motion.fps
    positions = motion.positions.copy()
    positions[:, 0] += tall * (0.006 * tremble / tremble.std() + 0.06 * drift)
    return replace(motion, positions=positions)


@pytest.fixture(scope="module")
def walk(shared_data):
    return resample(read_bvh(shared_data / "bvh" / "pybvh_cmu_12_01_walk.bvh"), FPS)


@pytest.fixture(scope="module")
def noisy(walk):
    return unsteady(walk, np.random.default_rng(0))


def test_a_walk_slides_less(walk, noisy):
    assert skating(noisy) > 0.25
    assert skating(lock_feet(noisy)) < 0.5 * skating(noisy)
    assert skating(lock_feet(walk)) < skating(walk) + 0.05


def test_frames_away_from_contacts_stay_and_no_foot_is_moved_far(shared_data):
    motion = resample(read_bvh(shared_data / "bvh" / "ad_jesse_dance.bvh"), FPS)
    stance = stance_of(motion)
    points = stance.place(joint_positions(motion, end_sites=True))
    locked = lock_feet(motion)
    near = np.zeros(motion.frames, bool)
    for leg in legs_of(stance.tree, motion.skeleton):
        standing = contacts(points[:, leg.ankle], FPS) | contacts(points[:, leg.toe], FPS)
        near |= np.convolve(standing, np.ones(2 * round(BLEND_S * FPS) + 1), "same") > 0
    assert 0.1 < near.mean() < 0.9
    assert np.array_equal(locked.rotations[~near], motion.rotations[~near])
    assert np.array_equal(locked.positions, motion.positions)
    feet = [joint for leg in legs_of(stance.tree, motion.skeleton) for joint in (leg.ankle, leg.toe)]
    moved = stance.place(joint_positions(locked, end_sites=True)) - points
    assert np.linalg.norm(moved[:, feet], axis=-1).max() < FARTHEST * (1 + 1e-6)


def test_the_feet_do_not_jump(noisy):
    stance = stance_of(noisy)
    for leg in legs_of(stance.tree, noisy.skeleton):
        before, after = (np.diff(joint_positions(each)[:, leg.ankle], axis=0) for each in (noisy, lock_feet(noisy)))
        fastest = np.linalg.norm(before, axis=-1).max()
        assert np.linalg.norm(after, axis=-1).max() < 1.3 * fastest


def test_which_way_is_up_does_not_matter(noisy):
    lying = edit.turn(noisy, edit.UPRIGHT["-z"])
    skeleton = lying.skeleton
    turn = edit.UPRIGHT["-z"]
    # The zero pose lies as well: offsets are turned with everything, and rotations are seen from there.
    turned = replace(
        skeleton,
        offsets=rotation.mul_vec(turn, skeleton.offsets),
        end_sites=tuple((joint, tuple(rotation.mul_vec(turn, np.array(end)))) for joint, end in skeleton.end_sites),
    )
    rotations = rotation.mul(rotation.mul(turn, noisy.rotations), rotation.inv(turn))
    lying = replace(lying, skeleton=turned, rotations=rotations)
    upright, fallen = joint_positions(lock_feet(noisy)), joint_positions(lock_feet(lying))
    np.testing.assert_allclose(rotation.mul_vec(turn, upright), fallen, atol=1e-6 * skeleton.height)


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_short_motions_are_taken(frames, walk):
    assert lock_feet(walk.cut(0, frames)).frames == frames


def test_a_point_stands_where_it_is_low_and_slow():
    time = np.arange(90) / 30
    swing = np.clip(np.sin(2 * np.pi * time / 1.5), 0, None)
    places = np.stack([np.cumsum(swing) / 30, 0.1 * swing, np.zeros(90)], axis=1)
    found = contacts(places, 30.0)
    assert found[swing == 0][2:-2].mean() > 0.8
    assert not found[swing > 0.8].any()


def test_a_foot_that_slides_on_takes_steps(monkeypatch):
    monkeypatch.setattr(foot_locking, "FARTHEST", 0.05)
    held = np.zeros(60, int)
    placed = np.zeros((60, 1, 3))
    placed[:, 0, 0] = 0.004 * np.arange(60)
    foot_locking._break_at_steps(placed, held, pause=4)
    runs = np.flatnonzero(np.diff(held, prepend=0, append=0))
    assert (held == -1).sum() == 12
    assert np.diff(runs).max() <= 13
