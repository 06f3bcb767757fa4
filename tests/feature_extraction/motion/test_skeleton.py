"""Forward kinematics against matrices and reference numbers; skeletons survive JSON and know their size."""

import json
from pathlib import Path

import numpy as np
import pytest

from feature_extraction.motion import rotation
from feature_extraction.motion.bvh import read_bvh
from feature_extraction.motion.skeleton import Motion, Skeleton, fk, joint_positions, local_positions
from tests.feature_extraction.motion.synthetic import human, wander

PARITY_FILES = ["a_mixamo_zxy_60fps", "b_mixamo_xyz_120fps", "c_genea_yxz_60fps", "d_toy_mixed_60fps"]


@pytest.fixture
def motion() -> Motion:
    rng = np.random.default_rng(2)
    return wander(rng, human(rng, moving=("LeftLeg",)), frames=20, fps=60)


def test_forward_kinematics_is_the_product_of_homogeneous_matrices(motion: Motion) -> None:
    parents = motion.skeleton.parents
    local = np.tile(np.eye(4), (*motion.rotations.shape[:2], 1, 1))
    local[..., :3, :3] = rotation.to_matrix(motion.rotations)
    local[..., :3, 3] = local_positions(motion)
    world: list[np.ndarray] = []
    for j, parent in enumerate(parents):
        world.append(local[:, j] if parent < 0 else world[parent] @ local[:, j])
    rotations, positions = fk(motion.rotations, local_positions(motion), parents)
    np.testing.assert_allclose(positions, np.stack(world, axis=1)[..., :3, 3], atol=1e-10)
    np.testing.assert_allclose(rotation.to_matrix(rotations), np.stack(world, axis=1)[..., :3, :3], atol=1e-12)


@pytest.mark.parametrize("name", PARITY_FILES)
def test_joint_positions_are_the_reference_ones(name: str, parity: Path) -> None:
    motion = read_bvh(parity / "motion" / f"{name}.bvh")
    reference = np.load(parity / "motion" / f"{name}.npz")
    joints = json.loads(str(reference["pos/joints_json"]))
    skeleton = motion.skeleton
    ours = [*skeleton.names, *(f"{skeleton.names[j]}_Nub" for j, _ in skeleton.end_sites)]
    positions = joint_positions(motion, end_sites=True)[:: int(reference["pos/pymo_stride"])]
    assert sorted(ours) == sorted(joints)
    np.testing.assert_allclose(
        positions[:, [ours.index(joint) for joint in joints]], reference["pos/independent"], atol=1e-9
    )


def test_an_animated_position_replaces_the_offset(motion: Motion) -> None:
    j = motion.skeleton.index("LeftLeg")
    np.testing.assert_array_equal(local_positions(motion)[:, j], motion.positions[:, 1])
    np.testing.assert_array_equal(local_positions(motion)[3, j + 1], motion.skeleton.offsets[j + 1])


def test_end_sites_come_after_the_joints(motion: Motion) -> None:
    skeleton = motion.skeleton
    with_ends = joint_positions(motion, end_sites=True)
    np.testing.assert_array_equal(with_ends[:, : len(skeleton.names)], joint_positions(motion))
    length = np.linalg.norm(with_ends[:, len(skeleton.names)] - with_ends[:, skeleton.end_sites[0][0]], axis=-1)
    np.testing.assert_allclose(length, np.linalg.norm(skeleton.end_sites[0][1]))


def test_height_is_the_longest_side_of_the_rest_pose_and_never_zero() -> None:
    offsets = np.array([[0, 0, 0], [0, 3.0, 0], [0, 0, 1.0]])
    skeleton = Skeleton(("a", "b", "c"), (-1, 0, 1), offsets, ("", "", ""), ((2, (0.5, -4.0, 0.0)),))
    assert skeleton.height == 4.0
    assert Skeleton(("a",), (-1,), np.zeros((1, 3)), ("",)).height == 1.0


def test_skeletons_survive_json(motion: Motion) -> None:
    data = motion.skeleton.to_dict()
    back = Skeleton.from_dict(json.loads(json.dumps(data)))
    assert back.to_dict() == data
    np.testing.assert_array_equal(back.offsets, motion.skeleton.offsets)
    assert (back.names, back.parents, back.moving) == (
        motion.skeleton.names,
        motion.skeleton.parents,
        (0, back.index("LeftLeg")),
    )


def test_index_names_the_joints_when_it_knows_none(motion: Motion) -> None:
    assert motion.skeleton.index("Hips") == 0
    with pytest.raises(LookupError, match="no joint named 'Tail'; there are Hips, Spine"):
        motion.skeleton.index("Tail")


def test_cut_keeps_skeleton_and_rate(motion: Motion) -> None:
    piece = motion.cut(5, 9)
    assert (piece.frames, piece.fps, piece.duration_s) == (4, 60, 4 / 60)
    np.testing.assert_array_equal(joint_positions(piece), joint_positions(motion)[5:9])
