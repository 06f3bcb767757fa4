"""Left and right are read alike wherever they matter: for mirror images, for maps of joints, and for legs and arms."""

import pytest

from analysis.render.stance import stance_of
from feature_extraction.motion.sides import side_of, sides_of, twin_of
from inference.legs import legs_of
from tests.data.miniatures import BODY, renamed, with_joint

LEG = ("UpLeg", "Leg", "Foot")
GENEA = "b_root,b_l_upleg,b_l_leg,b_l_foot_twist,b_l_foot,b_r_upleg,b_r_leg,b_r_foot_twist,b_r_foot,b_spine0"
BIPED = "Bip01,Bip01 Spine,Bip01 L Thigh,Bip01 L Foot,Bip01 R Thigh,Bip01 R Foot,Bip01 Head"


@pytest.mark.parametrize(
    ("name", "side"),
    [
        ("b_l_foot", "l"),
        ("Bip01 R Thigh", "r"),
        ("upper_arm.L.001", "l"),
        ("HandR", "r"),
        ("left_rig:Hips", ""),
        ("b_root", ""),
        ("LOWERBACK", ""),
    ],
)
def test_a_name_tells_the_side_in_any_spelling(name: str, side: str) -> None:
    assert side_of(name) == side


@pytest.mark.parametrize("names", [GENEA, BIPED, "ROOT,LHIPJOINT,RHIPJOINT,RIBS"])
def test_a_joint_has_a_side_exactly_if_it_has_a_twin(names: str) -> None:
    joints = names.split(",")
    sides = sides_of(joints)
    for name, side in zip(joints, sides, strict=True):
        twin = twin_of(name, joints)
        assert (side == "") == (twin is None)
        assert twin is None or {side, sides[joints.index(twin)]} == {"l", "r"}
    assert sides.count("l") == sides.count("r") > 0


def test_a_twist_in_the_shin_is_no_ankle() -> None:
    names = {f"{side}{joint}": f"b_{side[0].lower()}_{joint.lower()}" for side in ("Left", "Right") for joint in LEG}
    motion = BODY
    for side in ("Left", "Right"):
        motion = with_joint(motion, f"b_{side[0].lower()}_foot_twist", f"{side}Leg", between=f"{side}Foot")
    motion = renamed(motion, names)
    left, right = legs_of(stance_of(motion).tree, motion.skeleton)
    assert [motion.skeleton.names[leg.ankle] for leg in (left, right)] == ["b_l_foot", "b_r_foot"]
    assert [motion.skeleton.names[leg.knee] for leg in (left, right)] == ["b_l_leg", "b_r_leg"]
