"""What is done to motion before it is written: on another skeleton, on the floor, and nothing unless asked for."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from feature_extraction.motion import edit, rotation
from feature_extraction.motion.bvh import read_bvh, write_bvh
from feature_extraction.motion.skeleton import joint_positions
from inference.generate import generate, main
from inference.performer import Performer
from inference.postprocessing import Finish, Rig, align_ground
from tests.feature_extraction.motion.test_retarget import turned_at_rest
from tests.feature_extraction.small_corpus import swaying

OTHER_NAMES = ("pelvis", "spine_01", "upperarm_l", "upperarm_r", "calf_l", "calf_r")


@pytest.fixture
def rig(tmp_path):
    """The file of a rig twice as large, called otherwise, and with a tail."""
    motion = edit.rescale(swaying(3, names=OTHER_NAMES).cut(0, 1), 2.0)
    skeleton = motion.skeleton
    grown = replace(
        skeleton,
        names=(*skeleton.names, "tail"),
        parents=(*skeleton.parents, 0),
        offsets=np.concatenate([skeleton.offsets, [[0.0, 0.0, -30.0]]]),
        orders=(*skeleton.orders, "ZXY"),
    )
    rotations = np.concatenate([motion.rotations, motion.rotations[:, :1]], axis=1)
    write_bvh(tmp_path / "rig.bvh", replace(motion, skeleton=grown, rotations=rotations))
    return tmp_path / "rig.bvh"


def same_motion(one, other):
    return np.array_equal(one.rotations, other.rotations) and np.array_equal(one.positions, other.positions)


def test_nothing_is_done_by_default():
    motion = swaying(0)
    assert same_motion(Finish().generated(motion), motion)
    assert same_motion(Finish().recorded(motion), motion)


def test_the_floor_is_at_zero_afterwards():
    motion = edit.shift(swaying(0), [3.0, 55.0, -2.0])
    grounded = align_ground(motion)
    lowest = joint_positions(grounded, end_sites=True)[..., 1].min(axis=1)
    assert np.percentile(lowest, 2) == pytest.approx(0, abs=1e-9)
    step = grounded.positions - motion.positions
    assert np.ptp(step, axis=0) == pytest.approx(0, abs=1e-9)
    assert step[0, 0, [0, 2]] == pytest.approx(0)
    assert same_motion(Finish(align_ground=True).generated(motion), grounded)
    assert same_motion(Finish(align_ground=True).recorded(motion), motion)


def test_the_map_is_told_once_as_it_can_be_given(rig, caplog):
    caplog.set_level("INFO")
    put = Rig.read(rig)
    for seed in (0, 1):
        put.put(swaying(seed))
    told = [record.getMessage() for record in caplog.records]
    pairs = "Hips=pelvis,Spine=spine_01,LeftArm=upperarm_l,RightArm=upperarm_r,LeftLeg=calf_l,RightLeg=calf_r"
    assert told == [f"rig.bvh is driven by {pairs}; change it with --joint_map", "at rest in rig.bvh: tail"]


def test_a_given_map_overrules_the_guess(rig):
    motion = swaying(0)
    swapped = Rig.read(rig, "LeftArm=upperarm_r,RightArm=upperarm_l").put(motion)
    plain = Rig.read(rig).put(motion)
    assert not np.allclose(swapped.rotations[:, 2], plain.rotations[:, 2])


@pytest.mark.parametrize(
    ("path", "joint_map", "error", "message"),
    [
        ("nowhere.bvh", "", FileNotFoundError, "--target_skeleton"),
        ("rig.bvh", "LeftArm", ValueError, "SOURCE=TARGET"),
    ],
)
def test_what_cannot_be_read_is_told_before_the_work(path, joint_map, error, message, rig, checkpoint, tmp_path):
    with pytest.raises(error, match=message):
        generate(checkpoint, "s1", target_skeleton=rig.with_name(path), joint_map=joint_map, output_folder=tmp_path)


def test_generated_motion_comes_on_ones_own_skeleton(rig, checkpoint, tmp_path):
    arguments = ["--checkpoint", str(checkpoint), "s1", "--output_folder", str(tmp_path), "--max_length", "20"]
    assert main([*arguments, "--target_skeleton", str(rig), "--align_ground", "--render", "bvh"]) == 0
    motion, wanted = read_bvh(tmp_path / "tiny" / "bvh" / "s1.bvh"), read_bvh(rig).skeleton
    assert (motion.frames, motion.fps, motion.skeleton.names) == (20, 20.0, wanted.names)
    np.testing.assert_allclose(motion.skeleton.offsets, wanted.offsets, atol=1e-6 * wanted.height)
    lowest = joint_positions(motion, end_sites=True)[..., 1].min(axis=1)
    assert np.percentile(lowest, 2) == pytest.approx(0, abs=1e-4 * wanted.height)


def test_pictures_have_the_size_that_is_asked_for(checkpoint, tmp_path):
    arguments = ["--checkpoint", str(checkpoint), "s1", "--output_folder", str(tmp_path), "--max_length", "4"]
    assert main([*arguments, "--render", "gif", "--picture_size", "200x120", "--num_samples", "2"]) == 0
    with Image.open(tmp_path / "tiny" / "gif" / "s1.gif") as picture:
        assert picture.size == (200, 120)
    with pytest.raises(SystemExit):
        main([*arguments, "--picture_size", "wide"])


def test_feet_are_not_locked_without_legs_and_nothing_is_generated_before_that_is_told(
    checkpoint, tmp_path, monkeypatch
):
    monkeypatch.setattr(Performer, "perform", lambda *_: pytest.fail("it began to generate"))
    with pytest.raises(ValueError, match="no two legs"):
        generate(checkpoint, "s1", foot_lock=True, max_length=4, render=["bvh"], output_folder=tmp_path)


def test_a_rig_may_rest_in_one_of_its_frames(rig, tmp_path):
    """The rig's zero pose is a heap of bones; its first frame shows how it rests."""
    motion = read_bvh(rig)
    skeleton = motion.skeleton
    posed = replace(motion, rotations=np.tile(rotation.identity(), (1, len(skeleton.names), 1)))
    turns = rotation.exp(np.random.default_rng(0).normal(size=(len(skeleton.names), 3)))
    heap = turned_at_rest(posed, turns)
    write_bvh(tmp_path / "heap.bvh", heap)
    from_heap, plain = Rig.read(tmp_path / "heap.bvh", pose=0).put(swaying(0)), Rig.read(rig).put(swaying(0))
    expected = joint_positions(plain)
    np.testing.assert_allclose(joint_positions(from_heap), expected, atol=1e-4 * plain.skeleton.height)
    with pytest.raises(ValueError, match="no frame 1 for --target_pose"):
        Rig.read(rig, pose=1)
