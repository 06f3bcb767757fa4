"""Clips: cutting, rates, units, and which joint plays which part."""

import numpy as np
import pytest

from analysis.metrics.clip import Clip, metres_per_unit, positions_at
from analysis.metrics.facing import facing
from analysis.metrics.roles import ROLES, find_roles, need_roles
from data.demo_rig import BODY
from feature_extraction.motion.smpl import MIXAMO, NAMES
from tests.analysis.metrics.dances import FPS, clips, dances


def test_a_cut_keeps_the_music_in_time() -> None:
    clip = clips(1)[0]
    later = clip.from_time(2.0)
    assert later.frames == clip.frames - round(2.0 * FPS)
    assert later.features is not None
    assert len(later.features) == later.frames
    expected = clip.beats_s[clip.beats_s >= 2.0] - 2.0
    np.testing.assert_allclose(later.beats_s, expected, atol=1e-9)


def test_pieces_follow_each_other_without_a_rest() -> None:
    pieces = clips(1)[0].pieces(5.0)
    assert [piece.frames for piece in pieces] == [150, 150]
    np.testing.assert_array_equal(pieces[1].positions, clips(1)[0].positions[150:300])


def test_another_rate_shows_the_same_motion() -> None:
    slow, fast = clips(1)[0], clips(1, fps=2 * FPS)[0]
    again = positions_at(slow, 2 * FPS)
    assert np.abs(again - fast.positions[: len(again)]).max() < 0.02
    np.testing.assert_allclose(again[::2], slow.positions, atol=1e-12)


@pytest.mark.parametrize("unit", [1.0, 0.01, 0.0254])
def test_the_unit_is_known_by_the_height_of_a_person(unit: float) -> None:
    from feature_extraction.motion import edit

    motion = edit.rescale(dances(1)[0].motion.cut(0, 2), 0.01 / unit)
    assert metres_per_unit(motion.skeleton) == unit
    clip = Clip.of_motion("", motion)
    assert np.ptp(clip.positions[0, :, 1]) == pytest.approx(1.6, abs=0.2)


def test_parts_of_the_body_are_found_in_every_naming() -> None:
    for names in (ROLES, NAMES, MIXAMO, [f"mixamorig:{name}" for name in MIXAMO]):
        assert list(find_roles(names).values()) == list(range(24))
    demo = find_roles([name for name, _, _ in BODY])
    assert set(ROLES) - set(demo) == {"lhand", "rhand"}
    with pytest.raises(ValueError, match="needs the joints lankle"):
        need_roles(["Hips", "Tail"], ["root", "lankle"], "skating")


def test_facing_is_the_same_wherever_a_body_stands_and_turns() -> None:
    from feature_extraction.motion import edit, rotation
    from feature_extraction.motion.skeleton import joint_positions

    motion = dances(1)[0].motion.cut(0, 30)
    moved = edit.shift(edit.turn(motion, rotation.yaw(1.3)), (5.0, 0.0, -40.0))
    joints = motion.skeleton.names
    one, other = (facing(joint_positions(each), joints) for each in (motion, moved))
    np.testing.assert_allclose(one, other, atol=1e-9)
    hips = find_roles(joints, ("lhip", "rhip"))
    np.testing.assert_allclose(one[:, hips["lhip"], 2], one[:, hips["rhip"], 2], atol=1e-9)
