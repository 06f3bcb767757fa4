"""What is written as BVH is read back as the same motion, whatever the skeleton and its unit."""

from pathlib import Path

import numpy as np
import pytest

from feature_extraction.motion import rotation
from feature_extraction.motion.bvh import read_bvh, write_bvh
from feature_extraction.motion.skeleton import Motion, Skeleton, joint_positions
from tests.feature_extraction.motion.synthetic import human, recordings, wander


def assert_same_motion(motion: Motion, other: Motion, tolerance: float) -> None:
    """Same joints, by name, at the same places within `tolerance` of the height."""
    assert sorted(motion.skeleton.names) == sorted(other.skeleton.names)
    at = [other.skeleton.index(name) for name in motion.skeleton.names]
    difference = joint_positions(motion) - joint_positions(other)[:, at]
    assert np.abs(difference).max() <= tolerance * motion.skeleton.height
    ends, other_ends = (
        joint_positions(each, end_sites=True)[:, len(each.skeleton.names) :].sum(axis=1) for each in (motion, other)
    )
    np.testing.assert_allclose(ends, other_ends, atol=100 * tolerance * motion.skeleton.height)
    assert other.fps == pytest.approx(motion.fps, rel=1e-14)


def test_real_files_are_written_and_read_as_the_same_motion(shared_data: Path, tmp_path: Path) -> None:
    for path in recordings(shared_data):
        motion = read_bvh(path)
        write_bvh(tmp_path / "again.bvh", motion)
        again = read_bvh(tmp_path / "again.bvh")
        assert_same_motion(motion, again, 1e-6)
        assert again.skeleton.names == motion.skeleton.names
        assert again.skeleton.orders == motion.skeleton.orders
        assert again.skeleton.moving == motion.skeleton.moving


@pytest.mark.parametrize("scale", [1e-3, 0.01, 1.0, 40.0])
def test_any_unit_is_written_finely_enough(scale: float, tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    skeleton = human(rng, moving=("LeftArm",))
    scaled = Skeleton(
        skeleton.names,
        skeleton.parents,
        skeleton.offsets * scale,
        skeleton.orders,
        tuple((j, (x * scale, y * scale, z * scale)) for j, (x, y, z) in skeleton.end_sites),
        skeleton.moving,
    )
    motion = wander(rng, scaled, 50, 59.94, turns=4)
    write_bvh(tmp_path / "a.bvh", motion)
    again = read_bvh(tmp_path / "a.bvh")
    assert_same_motion(motion, again, 1e-6)
    assert again.skeleton.moving == skeleton.moving


def test_positions_are_on_the_root_and_what_moves_only(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    write_bvh(tmp_path / "a.bvh", wander(rng, human(rng, moving=("LeftArm",)), 10, 30))
    text = (tmp_path / "a.bvh").read_text()
    assert text.startswith("HIERARCHY\nROOT Hips\n{\n\tOFFSET 0 0 0\n\tCHANNELS 6 Xposition Yposition Zposition")
    assert text.count("Xposition") == 2
    assert "JOINT LeftArm" in text.split("Xposition")[1]


def test_angles_do_not_jump(tmp_path: Path) -> None:
    rng = np.random.default_rng(9)
    motion = wander(rng, human(rng), 200, 60, turns=3)
    write_bvh(tmp_path / "a.bvh", motion)
    rows = np.loadtxt((tmp_path / "a.bvh").read_text().split("Frame Time")[1].splitlines()[1:])
    assert np.abs(np.diff(rows[:, 3:], axis=0)).max() < 181


def test_a_joint_has_three_rotation_channels_or_none(tmp_path: Path) -> None:
    """Blender reads no other number, so the order of a hinge is completed."""
    offsets = np.array([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    skeleton = Skeleton(("Hips", "Knee", "Toe", "Tip"), (-1, 0, 1, 2), offsets, ("ZXY", "X", "YX", ""))
    rotations = rotation.identity(40, 4)
    rotations[:, 1] = rotation.from_euler(np.linspace(-3, 3, 40)[:, None], "X")
    rotations[:, 2] = rotation.from_euler(np.linspace([-3, 2], [2, -3], 40), "YX")
    motion = Motion(skeleton, 30.0, rotations, np.zeros((40, 1, 3)))
    write_bvh(tmp_path / "a.bvh", motion)
    assert read_bvh(tmp_path / "a.bvh").skeleton.orders == ("ZXY", "XYZ", "YXZ", "")
    assert_same_motion(motion, read_bvh(tmp_path / "a.bvh"), 1e-6)
    rotations[6, 3] = rotation.exp(np.array([0.1, 0.2, 0.3]))
    write_bvh(tmp_path / "a.bvh", motion)
    assert read_bvh(tmp_path / "a.bvh").skeleton.orders == ("ZXY", "XYZ", "YXZ", "ZXY")
    assert_same_motion(motion, read_bvh(tmp_path / "a.bvh"), 1e-6)


def test_joints_in_any_order_are_nested_rightly(tmp_path: Path) -> None:
    rng = np.random.default_rng(10)
    skeleton = Skeleton(
        ("Hips", "LeftLeg", "RightLeg", "LeftFoot", "RightFoot"),
        (-1, 0, 0, 1, 2),
        np.concatenate([np.zeros((1, 3)), rng.uniform(-9, 9, (4, 3))]),
        ("ZXY",) * 5,
        ((3, (0.0, 0.0, 1.0)),),
        (0, 3),
    )
    motion = wander(rng, skeleton, 10, 24.0)
    write_bvh(tmp_path / "a.bvh", motion)
    again = read_bvh(tmp_path / "a.bvh")
    assert again.skeleton.names == ("Hips", "LeftLeg", "LeftFoot", "RightLeg", "RightFoot")
    assert_same_motion(motion, again, 1e-6)


@pytest.mark.parametrize("fps", [24, 30, 29.97, 30000 / 1001, 60, 119.88, 120, 17.3, np.float64(25)])
def test_the_rate_is_read_back(fps: float, tmp_path: Path) -> None:
    rng = np.random.default_rng(11)
    write_bvh(tmp_path / "a.bvh", wander(rng, human(rng), 2, fps))
    assert read_bvh(tmp_path / "a.bvh").fps == pytest.approx(fps, rel=1e-12)


def test_what_is_not_finite_is_not_written(tmp_path: Path) -> None:
    rng = np.random.default_rng(12)
    motion = wander(rng, human(rng), 9, 30)
    motion.rotations[4, 3, 1] = np.nan
    with pytest.raises(ValueError, match=r"a\.bvh: the motion is not finite from frame 4 on"):
        write_bvh(tmp_path / "a.bvh", motion)
    with pytest.raises(ValueError, match="a motion without frames"):
        write_bvh(tmp_path / "a.bvh", motion.cut(0, 0))
    assert list(tmp_path.iterdir()) == []
