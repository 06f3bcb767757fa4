"""Names of the joints' parts are understood in the dialects of the field, and what a caller says overrules them."""

import numpy as np
import pytest

from feature_extraction.motion.bvh import read_bvh
from feature_extraction.motion.joint_guess import guess, parts_of
from feature_extraction.motion.retarget import retarget
from feature_extraction.motion.skeleton import Skeleton, joint_positions

TRUNK, LIMBS = 5, 8  # joints; the limbs are the left ones
BODY = {
    "mixamo": "Hips Spine Spine1 Neck Head "
    "LeftShoulder LeftArm LeftForeArm LeftHand LeftUpLeg LeftLeg LeftFoot LeftToeBase",
    "daz": "hip abdomen chest neck head lCollar lShldr lForeArm lHand lThigh lShin lFoot lToe",
    "smpl": "Pelvis Spine1 Spine2 Neck Head L_Collar L_Shoulder L_Elbow L_Wrist L_Hip L_Knee L_Ankle L_Foot",
    "blender": "hips spine chest neck head clavicle.L upper_arm.L forearm.L hand.L thigh.L shin.L foot.L toe.L",
    "unreal": "pelvis spine_01 spine_02 neck_01 head "
    "clavicle_l upperarm_l lowerarm_l hand_l thigh_l calf_l foot_l ball_l",
}


def chain(names: str) -> Skeleton:
    """Joints one below the other; where they hang is not looked at."""
    joints = tuple(names.split())
    count = len(joints)
    return Skeleton(joints, tuple(range(-1, count - 1)), np.ones((count, 3)), ("ZXY",) * count)


@pytest.mark.parametrize("one", BODY)
@pytest.mark.parametrize("other", BODY)
def test_dialects_understand_each_other(one: str, other: str) -> None:
    found = guess(chain(BODY[one]), chain(BODY[other]))
    assert found.joints == {joint: joint for joint in range(TRUNK + LIMBS)}
    assert found.resting == found.unused == ()


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("Hips Spine Spine1 Spine2", "hips chest", {0: 0, 1: 3}),
        ("Hips Spine", "pelvis spine_01 spine_02 spine_03", {0: 0, 1: 1, 2: 1, 3: 1}),
        ("Hips LeftUpLeg", "hip upperleg01.L upperleg02.L", {0: 0, 1: 1, 2: 1}),
        ("Hips RightHandThumb1 RightHandThumb2", "hip rThumb1 rThumb2 rThumb3", {0: 0, 1: 1, 2: 2, 3: 2}),
    ],
)
def test_joints_of_one_part_share_it_out(source: str, target: str, expected: dict[int, int]) -> None:
    assert guess(chain(source), chain(target)).joints == expected


def test_what_has_no_counterpart_is_told() -> None:
    found = guess(chain("Hips Tail LeftHandEnd Head"), chain("hip head lEye rThumb1"))
    assert (found.resting, found.unused) == (("lEye", "rThumb1"), ("Tail", "LeftHandEnd"))


def test_the_caller_overrules_the_guess() -> None:
    source, target = chain("Hips Spine Tail Head"), chain("root spine head")
    assert guess(source, target).joints == {0: 0, 1: 1, 2: 3}
    assert guess(source, target, [("Tail", "head"), ("Head", "spine")]).joints == {0: 0, 1: 3, 2: 2}


@pytest.mark.parametrize(
    ("names", "message"),
    [([("Tial", "head")], "no joint named 'Tial'.*Tail"), ([("Hips", "head"), ("Tail", "head")], "driven twice")],
)
def test_names_that_do_not_fit_are_refused(names: list[tuple[str, str]], message: str) -> None:
    with pytest.raises((ValueError, LookupError), match=message):
        guess(chain("Hips Spine Tail Head"), chain("root spine head"), names)


def test_ends_and_helpers_are_no_parts() -> None:
    assert parts_of(chain("HeadTop_End LeftHandEnd upperarm_twist_l LHipJoint lButtock jaw")) == {}


def test_a_dance_goes_over_to_a_rig_with_other_names(shared_data) -> None:
    """Recordings of one take by two programs: retargeted, one lifts the hands when the other does."""
    one, other = (read_bvh(shared_data / "bvh" / f"cmu_05_20_{name}.bvh") for name in ("mb_dance", "daz_dance"))
    found = guess(one.skeleton, other.skeleton)
    moved = retarget(one, other, found.joints)
    frames = min(moved.frames, other.frames)
    for name in ("lHand", "rHand", "lFoot", "rFoot", "head"):
        joint, root = other.skeleton.index(name), 0
        made, real = (
            (places[:frames:10, joint] - places[:frames:10, root])[:, 1]
            for places in (joint_positions(moved), joint_positions(other))
        )
        assert np.corrcoef(made, real)[0, 1] > 0.95, name
