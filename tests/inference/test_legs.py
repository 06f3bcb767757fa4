"""Legs are found whatever their joints are called, and bend so that the ankle is where it should be."""

import numpy as np
import pytest

from analysis.render.stance import stance_of
from feature_extraction.motion import rotation
from feature_extraction.motion.bvh import read_bvh
from feature_extraction.motion.skeleton import Skeleton, fk, joint_positions, local_positions
from inference.legs import legs_of, reach_for


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pybvh_cmu_12_01_walk", ["LeftUpLeg", "LeftLeg", "LeftFoot", "LeftToeBase"]),
        ("cmu_05_20_daz_dance", ["lThigh", "lShin", "lFoot", "lFoot"]),
        ("reactidle_003_genuine", ["thigh.L", "shin.L", "foot.L", "foot.L"]),
        ("mh_face_poseunits", ["upperleg01.L", "lowerleg01.L", "foot.L", None]),
    ],
)
def test_joints_of_a_leg_are_found(name, expected, shared_data):
    motion = read_bvh(shared_data / "bvh" / f"{name}.bvh").cut(0, 1)
    tree = stance_of(motion).tree
    leg, _ = legs_of(tree, motion.skeleton)
    found = [tree.names[joint] for joint in (leg.hip, leg.knee, leg.ankle, leg.toe)]
    assert [one if other else None for one, other in zip(found, expected, strict=True)] == expected


def test_a_skeleton_without_legs_is_refused(shared_data):
    motion = read_bvh(shared_data / "bvh" / "pybvh_rotation_first_root.bvh")
    with pytest.raises(ValueError, match="no two legs"):
        legs_of(stance_of(motion).tree, motion.skeleton)


@pytest.fixture
def walk(shared_data):
    motion = read_bvh(shared_data / "bvh" / "pybvh_cmu_12_01_walk.bvh").cut(0, 120)
    leg, _ = legs_of(stance_of(motion).tree, motion.skeleton)
    return motion, leg


def test_the_ankle_goes_to_its_target_and_the_foot_keeps_its_direction(walk):
    motion, leg = walk
    places = joint_positions(motion)
    rng = np.random.default_rng(0)
    # Nearer to the hip, where any leg reaches.
    targets = places[:, leg.ankle] + 0.2 * (places[:, leg.hip] - places[:, leg.ankle])
    targets += 0.02 * motion.skeleton.height * rng.normal(size=targets.shape)
    chosen = np.arange(motion.frames) % 3 > 0
    moved = reach_for(motion, leg, targets, chosen)
    made = joint_positions(moved)
    np.testing.assert_allclose(made[chosen, leg.ankle], targets[chosen], atol=1e-6 * motion.skeleton.height)
    assert np.array_equal(moved.rotations[~chosen], motion.rotations[~chosen])
    turned, before = (fk(each.rotations, local_positions(each), each.skeleton.parents)[0] for each in (moved, motion))
    assert np.abs(rotation.log(rotation.mul(rotation.inv(before), turned))[:, leg.ankle]).max() < 1e-6
    others = [joint for joint in range(len(motion.skeleton.names)) if not _below(motion.skeleton, joint, leg.hip)]
    np.testing.assert_allclose(made[:, others], places[:, others], atol=1e-9 * motion.skeleton.height)


def test_where_the_ankle_is_already_nothing_changes(walk):
    motion, leg = walk
    places = joint_positions(motion)
    moved = reach_for(motion, leg, places[:, leg.ankle], np.ones(motion.frames, bool))
    np.testing.assert_allclose(joint_positions(moved), places, atol=1e-6 * motion.skeleton.height)


def test_out_of_reach_it_stretches_towards_the_target(walk):
    motion, leg = walk
    places = joint_positions(motion)
    down = 0.5 * motion.skeleton.height * (places[:, leg.ankle] - places[:, leg.hip])
    moved = joint_positions(reach_for(motion, leg, places[:, leg.ankle] + down, np.ones(motion.frames, bool)))
    bones = [(leg.hip, leg.knee), (leg.knee, leg.ankle), (leg.hip, leg.ankle)]
    upper, lower, reach = (np.linalg.norm(moved[:, one] - moved[:, other], axis=-1) for one, other in bones)
    assert (reach > 0.99 * (upper + lower)).all()
    np.testing.assert_allclose(upper, np.linalg.norm(places[:, leg.hip] - places[:, leg.knee], axis=-1))


def _below(skeleton: Skeleton, joint: int, top: int) -> bool:
    while joint >= 0:
        if joint == top:
            return True
        joint = skeleton.parents[joint]
    return False
