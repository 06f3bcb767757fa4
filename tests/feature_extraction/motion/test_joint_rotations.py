"""What holds for joint rotations in whichever form: the same motion comes back, and what is not selected rests."""

import json
from dataclasses import replace

import numpy as np
import pytest

from feature_extraction.expmap_features import ExpmapFeatures
from feature_extraction.motion import rotation
from feature_extraction.motion.joint_rotations import JointRotations
from feature_extraction.motion.skeleton import Motion, Skeleton
from feature_extraction.rot6d_features import Rot6dFeatures
from feature_extraction.rotmat_features import RotmatFeatures
from tests.feature_extraction.motion.round_trip import SPINE, distances, seeded, there_and_back, world_rotations

Form = type[JointRotations]


@pytest.fixture(params=[ExpmapFeatures, RotmatFeatures, Rot6dFeatures])
def form(request: pytest.FixtureRequest) -> Form:
    return request.param


@pytest.mark.parametrize("turns", [0.0, 0.9, 4.0, -6.5])
@pytest.mark.parametrize("frames", [1, 2, 300])
def test_encode_then_decode_is_the_same_motion(form: Form, turns: float, frames: int) -> None:
    motion = seeded(frames, turns, moving=("LeftLeg", "Spine"))
    assert distances(motion, there_and_back(motion, form(20, joints="all"))).max() < 1e-5


def test_a_long_walk_does_not_drift(form: Form) -> None:
    motion = seeded(20_000, turns=40)
    assert distances(motion, there_and_back(motion, form(20, joints="all"))).max() < 1e-4


def test_one_pose_held_for_ever_is_given_back(form: Form) -> None:
    motion = seeded(1)
    still = Motion(motion.skeleton, 20.0, np.repeat(motion.rotations, 50, 0), np.repeat(motion.positions, 50, 0))
    assert distances(still, there_and_back(still, form(20, joints="all"))).max() < 1e-6


def test_moving_joints_have_columns_for_their_way_from_the_offset(form: Form) -> None:
    motion = seeded(moving=("LeftLeg",))
    array = form(20).encode(motion)
    places = [array.columns.index(f"LeftLeg_{axis}position") for axis in "XYZ"]
    offset = motion.skeleton.offsets[motion.skeleton.index("LeftLeg")]
    np.testing.assert_allclose(array.values[:, places], motion.positions[:, 1] - offset, atol=1e-5)


def test_unselected_joints_rest_at_their_mean_and_change_no_other(form: Form) -> None:
    motion = seeded()
    back = there_and_back(motion, form(20, joints="default"))
    off = distances(motion, back)
    thumbs = [motion.skeleton.index(f"{side}HandThumb1") for side in ("Left", "Right")]
    assert off.max() < 1e-6
    np.testing.assert_allclose(
        back.rotations[:, thumbs], np.broadcast_to(rotation.mean(motion.rotations[:, thumbs]), (200, 2, 4)), atol=1e-7
    )


def test_selected_joints_keep_their_direction_below_an_unselected_one(form: Form) -> None:
    """Spine2 and Spine3 turn and are not selected: what hangs on them is a little off, but directed as it was."""
    motion = seeded(spine=SPINE)
    back = there_and_back(motion, form(20, joints="default"))
    names = motion.skeleton.names
    selected = [j for j, name in enumerate(names) if name not in (*SPINE[2:], "LeftHandThumb1", "RightHandThumb1")]
    turned = rotation.mul(rotation.inv(world_rotations(back)), world_rotations(motion))[:, selected]
    assert np.abs(rotation.log(turned)).max() < 1e-5
    off = dict(zip(names, distances(motion, back), strict=True))
    assert max(off[name] for name in names if name.endswith(("Leg", "Foot", "ToeBase")) or name in SPINE[:3]) < 1e-6
    assert 0.01 < max(off.values()) < 0.3


def test_an_unselected_joint_that_never_turns_costs_nothing(form: Form) -> None:
    motion = seeded(spine=SPINE)
    motion.rotations[:, [3, 4]] = rotation.exp(np.array([[0.4, -0.2, 0.1], [0.0, 0.5, 0.3]]))
    assert distances(motion, there_and_back(motion, form(20, joints="default"))).max() < 1e-6


def test_an_unselected_joint_that_moves_rests_at_its_mean_place(form: Form) -> None:
    motion = seeded(moving=("LeftHandThumb1",))
    back = there_and_back(motion, form(20, joints="default"))
    assert back.skeleton.moving == (0,)
    thumb = motion.skeleton.index("LeftHandThumb1")
    np.testing.assert_allclose(back.skeleton.offsets[thumb], motion.positions[:, 1].mean(axis=0))


def test_other_rates_are_resampled_and_frames_are_counted(form: Form) -> None:
    motion = seeded(121, fps=60.0)
    assert len(form(20).encode(motion).values) == 41
    few = form(20).encode(motion, frames=30)
    np.testing.assert_allclose(few.values, form(20).encode(motion).values[:30], atol=1e-6)
    with pytest.raises(ValueError, match="the motion has 41 frames at 20 fps, 42 are wanted"):
        form(20).encode(motion, frames=42)


def test_features_are_blind_to_place_and_heading(form: Form) -> None:
    motion = seeded()
    turn = rotation.yaw(2.0)
    positions = rotation.mul_vec(turn, motion.positions) + np.array([300.0, 0.0, -80.0])
    rotations = motion.rotations.copy()
    rotations[:, 0] = rotation.mul(turn, rotations[:, 0])
    moved = Motion(motion.skeleton, motion.fps, rotations, positions)
    np.testing.assert_allclose(form(20).encode(moved).values, form(20).encode(motion).values, atol=1e-4)


class TestHipCentric:
    def test_only_what_is_below_the_root_is_described(self, form: Form) -> None:
        array = form(20, root="hip_centric").encode(seeded())
        assert array.values.shape == (200, 20 * len(form.parts))
        assert not any(column.startswith("Hips_") for column in array.columns)

    def test_the_root_comes_back_standing_still_and_all_else_as_it_was(self, form: Form) -> None:
        motion = seeded(turns=0.2, moving=("LeftLeg",))
        back = there_and_back(motion, form(20, joints="all", root="hip_centric"))
        np.testing.assert_allclose(back.positions[:, 0], np.tile(motion.positions[:, 0].mean(axis=0), (200, 1)))
        np.testing.assert_allclose(back.rotations[:, 0], np.tile(rotation.mean(motion.rotations[:, 0]), (200, 1)))
        still = replace(motion, rotations=motion.rotations.copy(), positions=motion.positions.copy())
        still.rotations[:, 0], still.positions[:, 0] = back.rotations[:, 0], back.positions[:, 0]
        assert distances(still, back).max() < 1e-6

    def test_for_a_corpus_it_stands_at_the_origin_facing_z_at_the_median_height(self, form: Form) -> None:
        features = form(20, root="hip_centric")
        motions = [seeded(seed=seed, turns=0.2) for seed in range(3)]
        arrays = [features.encode(motion) for motion in motions]
        merged = features.merge_decodings({str(place): array.decoding for place, array in enumerate(arrays)})
        back = features.decode(arrays[0].values, arrays[0].columns, json.loads(json.dumps(merged)))
        height = np.median([motion.positions[:, 0, 1].mean() for motion in motions])
        np.testing.assert_allclose(back.positions[:, 0], np.tile([0, height, 0], (200, 1)), atol=1e-9)
        np.testing.assert_allclose(rotation.heading(back.rotations[:, 0]), 0, atol=0.05)


class TestMerging:
    def test_bones_are_the_median_and_the_start_is_the_origin(self, form: Form) -> None:
        motions = {f"seq_{seed}": seeded(seed=seed, frames=30) for seed in range(3)}
        features = form(20)
        arrays = {name: features.encode(motion) for name, motion in motions.items()}
        merged = features.merge_decodings({name: array.decoding for name, array in arrays.items()})
        skeleton = Skeleton.from_dict(json.loads(json.dumps(merged))["skeleton"])
        np.testing.assert_allclose(skeleton.offsets, np.median([m.skeleton.offsets for m in motions.values()], axis=0))
        ends = [[end for _, end in m.skeleton.end_sites] for m in motions.values()]
        np.testing.assert_allclose([end for _, end in skeleton.end_sites], np.median(ends, axis=0))
        back = features.decode(arrays["seq_1"].values, arrays["seq_1"].columns, merged)
        np.testing.assert_allclose(back.positions[0, 0, [0, 2]], 0, atol=1e-12)
        assert rotation.heading(back.rotations[:1, 0]) == pytest.approx(0, abs=1e-6)

    def test_a_sequence_alone_merges_to_itself_but_for_the_start(self, form: Form) -> None:
        features = form(20)
        decoding = features.encode(seeded()).decoding
        merged = features.merge_decodings({"seq": decoding})
        assert merged["skeleton"] == decoding["skeleton"]
        assert merged["start"] == [0, 0, 0]
        for joint, fill in decoding["fill"].items():
            np.testing.assert_allclose(merged["fill"][joint], fill, atol=1e-12)

    def test_odd_skeletons_are_listed(self, form: Form) -> None:
        features = form(20)
        usual = {f"seq_{i}": features.encode(seeded(3)).decoding for i in range(3)}
        odd = features.encode(seeded(3, spine=SPINE[:3])).decoding
        with pytest.raises(
            ValueError, match=r"the joints of odd_1, odd_2 are not those of the other 3 sequences \(Spine2\)"
        ):
            features.merge_decodings({"odd_1": odd, **usual, "odd_2": odd})

    def test_other_parents_are_odd_too(self, form: Form) -> None:
        features = form(20)
        motion = seeded(3)
        parents = (*motion.skeleton.parents[:-1], 0)
        other = features.encode(replace(motion, skeleton=replace(motion.skeleton, parents=parents))).decoding
        usual = features.encode(motion).decoding
        with pytest.raises(ValueError, match=r"the joints of c are not .* \(other order or parents\)"):
            features.merge_decodings({"a": usual, "b": usual, "c": other})


class TestMistakes:
    def test_an_unknown_root_is_refused(self, form: Form) -> None:
        with pytest.raises(ValueError, match="root is 'fixed'; pos_rot_deltas or hip_centric is wanted"):
            form(20, root="fixed")

    def test_missing_columns_are_named(self, form: Form) -> None:
        features = form(20)
        array = features.encode(seeded(5))
        with pytest.raises(ValueError, match="the columns Hips_dXposition are missing"):
            features.decode(array.values[:, 1:], array.columns[1:], array.decoding)
        kept = [i for i, name in enumerate(array.columns) if not name.startswith("LeftLeg_")]
        columns = [array.columns[i] for i in kept]
        with pytest.raises(ValueError, match=rf"no columns LeftLeg_{form.parts[0]}, \.\.\. for the joint"):
            features.decode(array.values[:, kept], columns, array.decoding)
