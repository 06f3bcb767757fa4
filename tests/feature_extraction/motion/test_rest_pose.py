"""The rest of a skeleton whose zero pose is none is found in its motion."""

from pathlib import Path

import numpy as np
import pytest

from data.conversion import standing_body
from feature_extraction.motion import edit, rotation
from feature_extraction.motion.bvh import read_bvh
from feature_extraction.motion.joint_guess import guess
from feature_extraction.motion.rest_pose import rest_of
from feature_extraction.motion.retarget import retarget
from feature_extraction.motion.skeleton import Motion, fk, joint_positions
from tests.data.miniatures import along_x, moving

BODY = standing_body().skeleton
OWN = {j: j for j in range(len(BODY.names))}


def test_a_pose_of_rest_at_zero_is_left() -> None:
    assert rest_of(moving(0, 20.0), BODY, OWN) is None


@pytest.mark.parametrize("turned", [np.array([0.0, 2.0, 0.0]), np.array([0.0, -0.7, 0.0])])
def test_bones_at_rest_point_as_in_a_t_pose(turned: np.ndarray) -> None:
    motion = edit.turn(along_x(moving(0, 20.0, 4.0)), rotation.exp(turned))
    rest = rest_of(motion, BODY, OWN)
    assert rest is not None
    places = fk(rest[None], motion.skeleton.offsets[None], motion.skeleton.parents)[1]
    wanted = fk(rotation.identity(1, len(BODY.names)), BODY.offsets[None], BODY.parents)[1]
    np.testing.assert_allclose(places, wanted, atol=5.0)  # cm: hips and chest are those of a person who sways


def test_who_only_stands_is_turned_nearly_as_the_original() -> None:
    original = moving(0, 20.0, wiggle=0.0)
    motion = along_x(original)
    put = retarget(motion, standing_body(), OWN, rest=rest_of(motion, BODY, OWN))
    off = rotation.log(rotation.mul(rotation.inv(original.rotations), put.rotations))
    assert np.degrees(np.linalg.norm(off, axis=-1)).max() < 10.0
    np.testing.assert_allclose(joint_positions(put), joint_positions(original), atol=1.0)  # cm


def test_a_skeleton_without_known_bones_has_no_rest() -> None:
    assert rest_of(moving(0, 20.0), BODY, {0: 0}) is None


def test_real_skeletons_stand_as_they_did(shared_data: Path) -> None:
    """With the bones of real recordings turned along x, the motion on the canonical body is that of the original."""
    for name in ("cmu_05_20_mb_dance", "pybvh_cmu_12_01_walk", "ad_jesse_dance"):
        original = read_bvh(shared_data / "bvh" / f"{name}.bvh")
        original = original.cut(0, min(original.frames, 600))
        placed = [_put(each) for each in (original, along_x(original))]
        height = BODY.height
        far = np.linalg.norm(joint_positions(placed[0]) - joint_positions(placed[1]), axis=-1).mean() / height
        assert far < 0.05, name


def _put(motion: Motion) -> Motion:
    joints = guess(motion.skeleton, BODY).joints
    return retarget(motion, standing_body(), joints, rest=rest_of(motion, BODY, joints))
