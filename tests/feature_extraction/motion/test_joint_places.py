"""Places seen from the root are what forward kinematics says, and become the same motion again, or one of points."""

import json
import logging
from pathlib import Path

import numpy as np
import pytest

from feature_extraction.moglow_loc_control_features import MoglowLocControlFeatures
from feature_extraction.moglow_loc_features import MoglowLocFeatures
from feature_extraction.motion import rotation
from feature_extraction.motion.bvh import read_bvh, write_bvh
from feature_extraction.motion.mirror import mirror
from feature_extraction.motion.resample import resample
from feature_extraction.motion.skeleton import Motion, joint_positions
from feature_extraction.position_features import PositionFeatures
from tests.feature_extraction.motion.round_trip import SPINE, distances, seeded, there_and_back
from tests.feature_extraction.motion.synthetic import recordings

THUMBS = ("LeftHandThumb1", "RightHandThumb1")
Kind = type[PositionFeatures] | type[MoglowLocFeatures]


@pytest.fixture(params=[PositionFeatures, MoglowLocFeatures])
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param


def seen_from_the_root(motion: Motion) -> np.ndarray:
    """Give joints (frames, joints, 3) as seen from the floor below the root, in the direction that it faces."""
    below = motion.positions[:, 0] * [1, 0, 1]
    facing = rotation.yaw(-rotation.heading(motion.rotations[:, 0]))
    return rotation.mul_vec(facing[:, None], joint_positions(motion) - below[:, None])


def of_joints(columns: tuple[str, ...], names: tuple[str, ...]) -> list[int]:
    return [columns.index(f"{name}_{axis}position") for name in names for axis in "XYZ"]


def lengths(places: np.ndarray) -> np.ndarray:
    """Give the distances of all joints from each other, (frames, joints, joints), whatever the place in the world."""
    return np.linalg.norm(places[:, :, None] - places[:, None], axis=-1)


@pytest.mark.parametrize("turns", [0.0, 4.0, -6.5])
@pytest.mark.parametrize("frames", [1, 2, 300])
def test_joints_come_back_to_their_places(kind: Kind, turns: float, frames: int) -> None:
    motion = seeded(frames, turns, moving=("LeftLeg", "Spine"))
    assert distances(motion, there_and_back(motion, kind(20, joints="all"))).max() < 1e-4


def test_columns_are_the_places_seen_from_the_root(kind: Kind) -> None:
    motion = seeded(spine=SPINE)
    array = kind(20).encode(motion)
    below = tuple(name for name in motion.skeleton.names[1:] if name not in (*SPINE[2:], *THUMBS))
    columns = of_joints(array.columns, below)
    expected = seen_from_the_root(motion)[:, [motion.skeleton.index(name) for name in below]]
    np.testing.assert_allclose(array.values[:, columns], expected.reshape(200, -1), atol=1e-4)
    np.testing.assert_allclose(
        array.values[:, array.columns.index("Hips_Yposition")], motion.positions[:, 0, 1], atol=1e-4
    )
    assert len(array.columns) == 3 * len(below) + {PositionFeatures: 4, MoglowLocFeatures: 1}[kind]


def test_positions_are_those_of_the_reference(parity: Path) -> None:
    """Placed in the world as points, they are the positions that an independent forward kinematics gave."""
    for name in ("a_mixamo_zxy_60fps", "b_mixamo_xyz_120fps", "c_genea_yxz_60fps", "d_toy_mixed_60fps"):
        motion = resample(read_bvh(parity / "motion" / f"{name}.bvh"), 20)
        back = there_and_back(motion, PositionFeatures(20, joints="all", bones="points"))
        reference = np.load(parity / "motion" / f"{name}.npz")
        joints = json.loads(str(reference["pos/joints_json"]))
        shared = [joint for joint in joints if joint in back.skeleton.names]
        assert len(shared) == len(back.skeleton.names)
        ours = joint_positions(back)[:, [back.skeleton.index(joint) for joint in shared]]
        theirs = reference["pos/independent"][:, [joints.index(joint) for joint in shared]]
        np.testing.assert_allclose(ours, theirs, atol=2e-4)


def test_the_root_can_be_what_all_is_seen_from() -> None:
    motion = seeded()
    array = PositionFeatures(20, joints="all", root="hip_centric").encode(motion)
    seen = joint_positions(motion) - motion.positions[:, :1]
    expected = rotation.mul_vec(rotation.inv(motion.rotations[:, :1]), seen)[:, 1:]
    np.testing.assert_allclose(array.values, expected.reshape(200, -1), atol=1e-4)
    back = there_and_back(motion, PositionFeatures(20, joints="all", root="hip_centric"))
    np.testing.assert_allclose(back.positions[:, 0], np.tile(motion.positions[:, 0].mean(axis=0), (200, 1)))


def test_unselected_joints_rest_and_selected_ones_keep_near_their_places() -> None:
    motion = seeded(spine=SPINE)
    back = there_and_back(motion, PositionFeatures(20))
    off = dict(zip(motion.skeleton.names, distances(motion, back), strict=True))
    assert max(off[name] for name in off if name.endswith(("Leg", "Foot", "ToeBase"))) < 1e-4
    assert 0.001 < off["LeftHand"] < 0.3
    unselected = [motion.skeleton.index(name) for name in (*SPINE[2:], *THUMBS)]
    assert np.ptp(back.rotations[:, unselected], axis=0).max() < 1e-12


def test_the_end_of_a_chain_stays_at_its_mean_rotation() -> None:
    motion = seeded()
    back = there_and_back(motion, PositionFeatures(20, joints="all"))
    head = motion.skeleton.index("Head")
    np.testing.assert_allclose(
        back.rotations[:, head], np.tile(rotation.mean(motion.rotations[:, head]), (200, 1)), atol=1e-9
    )


class TestControl:
    def test_it_is_the_way_that_the_positions_leave_out(self) -> None:
        motion = seeded()
        control, position = MoglowLocControlFeatures(20).encode(motion), PositionFeatures(20).encode(motion)
        assert control.columns == ("Hips_dXposition", "Hips_dZposition", "Hips_dYrotation")
        np.testing.assert_array_equal(control.values, position.values[:, :3])
        local = MoglowLocFeatures(20).encode(motion)
        np.testing.assert_array_equal(local.values, position.values[:, 3:])

    def test_a_sequence_goes_its_own_way_and_then_stands(self) -> None:
        motion = seeded(60)
        features = MoglowLocFeatures(20, joints="all")
        array = features.encode(motion)
        longer = np.concatenate([array.values, np.tile(array.values[-1], (40, 1))])
        back = features.decode(longer, array.columns, array.decoding)
        np.testing.assert_allclose(back.positions[:60, 0], motion.positions[:, 0], atol=1e-4)
        np.testing.assert_allclose(back.positions[60:, 0], np.tile(back.positions[59, 0], (40, 1)), atol=1e-12)

    def test_for_a_corpus_it_stays_at_the_origin_and_faces_z(self) -> None:
        features = MoglowLocFeatures(20)
        array = features.encode(seeded())
        merged = features.merge_decodings({"alone": array.decoding})
        back = features.decode(array.values, array.columns, json.loads(json.dumps(merged)))
        np.testing.assert_array_equal(back.positions[:, 0, [0, 2]], 0)
        np.testing.assert_allclose(rotation.heading(back.rotations[:, 0]), 0, atol=1e-3)


class TestPoints:
    def test_points_are_where_the_joints_were(self, kind: Kind) -> None:
        motion = seeded(spine=SPINE)
        back = there_and_back(motion, kind(20, bones="points"))
        places = [motion.skeleton.index(name) for name in back.skeleton.names]
        np.testing.assert_allclose(joint_positions(back), joint_positions(motion)[:, places], atol=1e-3)
        assert len(back.skeleton.names) == 21
        assert back.skeleton.parents[back.skeleton.index("LeftShoulder")] == back.skeleton.index("Spine1")
        np.testing.assert_array_equal(back.rotations, rotation.identity(200, 21))

    def test_they_can_be_written(self, tmp_path: Path) -> None:
        back = there_and_back(seeded(), PositionFeatures(20, bones="points"))
        write_bvh(tmp_path / "points.bvh", back)
        again = read_bvh(tmp_path / "points.bvh")
        assert sorted(again.skeleton.names) == sorted(back.skeleton.names)
        places = [again.skeleton.index(name) for name in back.skeleton.names]
        np.testing.assert_allclose(joint_positions(again)[:, places], joint_positions(back), atol=1e-3)

    def test_places_of_other_bones_are_points_and_it_is_said(self, caplog: pytest.LogCaptureFixture) -> None:
        motion = seeded()
        features = PositionFeatures(20)
        array = features.encode(motion)
        root = len(features.root.parts)
        values = array.values.copy()
        values[:, root:] *= 1.6
        with caplog.at_level(logging.WARNING):
            assert len(features.decode(values, array.columns, array.decoding).skeleton.moving) == 21
        assert "the motion is one of points, without rotations" in caplog.text
        caplog.clear()
        always = PositionFeatures(20, bones="skeleton").decode(values, array.columns, array.decoding)
        assert always.skeleton.moving == (0,)
        values[:, root:] *= 1.1 / 1.6
        assert features.decode(values, array.columns, array.decoding).skeleton.moving == (0,)
        assert not caplog.text

    def test_without_a_skeleton_they_are_connected_with_what_is_near(self, caplog: pytest.LogCaptureFixture) -> None:
        motion = seeded()
        array = PositionFeatures(20).encode(motion)
        back = PositionFeatures(20).decode(array.values, array.columns, {})
        assert "no skeleton is known" in caplog.text
        names, parents = back.skeleton.names, back.skeleton.parents
        assert names[0] == "Hips"
        for upper, lower in (("LeftArm", "LeftForeArm"), ("LeftForeArm", "LeftHand"), ("RightLeg", "RightFoot")):
            assert names[parents[names.index(lower)]] == upper
        places = [motion.skeleton.index(name) for name in names]
        for ours, theirs in zip(
            lengths(joint_positions(back)), lengths(joint_positions(motion)[:, places]), strict=True
        ):
            np.testing.assert_allclose(ours, theirs, atol=1e-3)

    def test_without_any_root_a_nameless_one_stands_at_the_origin(self) -> None:
        features = PositionFeatures(20, root="hip_centric")
        array = features.encode(seeded())
        back = features.decode(array.values, array.columns, {})
        assert back.skeleton.names[0] == "root"
        np.testing.assert_array_equal(joint_positions(back)[:, 0], 0)
        leg = back.skeleton.names.index("LeftLeg")
        columns = of_joints(array.columns, ("LeftLeg",))
        np.testing.assert_allclose(joint_positions(back)[:, leg], array.values[:, columns], atol=1e-4)


class TestMistakes:
    def test_missing_columns_are_named(self) -> None:
        array = PositionFeatures(20).encode(seeded(5))
        kept = [i for i, name in enumerate(array.columns) if name != "LeftLeg_Xposition"]
        columns = [array.columns[i] for i in kept]
        with pytest.raises(ValueError, match="the columns LeftLeg_Xposition are missing"):
            PositionFeatures(20).decode(array.values[:, kept], columns, array.decoding)

    def test_unknown_parameters_are_refused(self) -> None:
        with pytest.raises(ValueError, match="root is 'fixed'; pos_rot_deltas or hip_centric is wanted"):
            PositionFeatures(20, root="fixed")
        with pytest.raises(ValueError, match="bones is 'ik'; auto, skeleton or points is wanted"):
            MoglowLocFeatures(20, bones="ik")


def test_mirrored_recordings_keep_their_feet_on_the_floor(shared_data: Path) -> None:
    """Whatever the skeleton: in each frame of the mirror image the lowest point is as low as it was.

    One of them has a single leg, and no mirror image.
    """
    mirrored = 0
    for path in recordings(shared_data):
        motion = read_bvh(path).cut(0, 100)
        if "LeftLeg" in motion.skeleton.names and "RightLeg" not in motion.skeleton.names:
            continue
        image = mirror(motion)
        lowest = [joint_positions(each, end_sites=True)[..., 1].min(axis=1) for each in (motion, image)]
        np.testing.assert_allclose(lowest[1], lowest[0], atol=1e-9 * motion.skeleton.height, err_msg=path.name)
        twice = mirror(image)
        turned = [rotation.to_matrix(each.rotations) for each in (twice, motion)]
        np.testing.assert_allclose(*turned, rtol=0, atol=1e-12, err_msg=path.name)
        np.testing.assert_array_equal(twice.positions, motion.positions)
        assert twice.skeleton.to_dict() == motion.skeleton.to_dict()
        mirrored += 1
    assert mirrored == 16
