"""Of a skeleton below a world that never moves, the features are those of the skeleton without it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from feature_extraction import align
from feature_extraction.expmap_features import ExpmapFeatures
from feature_extraction.motion import rotation
from feature_extraction.motion.bvh import write_bvh
from feature_extraction.motion.edit import shift, turn
from feature_extraction.motion.skeleton import joint_positions
from feature_extraction.motion.still_root import from_moving_root, moving_root
from tests.data.miniatures import moving
from tests.feature_extraction.motion.synthetic import below

TURN, PLACE = rotation.exp(np.array([0.3, -0.8, 0.2])), np.array([100.0, -20.0, 5.0])


def test_the_joint_that_moves_becomes_the_root_and_stays_where_it_is() -> None:
    hips = moving(0, 30.0)
    motion = shift(turn(below(below(hips, "reference")), TURN), PLACE)
    motion = replace(motion, positions=motion.positions[:, [0, 2]], skeleton=replace(motion.skeleton, moving=(0, 2)))
    assert moving_root(motion) == 2
    rooted = from_moving_root(motion)
    assert (rooted.skeleton.names, rooted.skeleton.moving) == (hips.skeleton.names, (0,))
    wanted = joint_positions(motion, end_sites=True)[:, 2:]
    np.testing.assert_allclose(joint_positions(rooted, end_sites=True), wanted, atol=1e-9)
    assert from_moving_root(rooted) is rooted


@pytest.mark.parametrize("root", ["hip_centric", "pos_rot_deltas"])
def test_features_are_those_of_the_skeleton_without_its_world(root: str, tmp_path: Path) -> None:
    extractor = ExpmapFeatures(20.0, "all", root=root)
    arrays = []
    for name, motion in (("alone", moving(0, 30.0)), ("below", below(moving(0, 30.0)))):
        write_bvh(tmp_path / f"{name}.bvh", motion)
        arrays.append(extractor.encode(align.read_raw(tmp_path / f"{name}.bvh", "motion", 20.0)))
    alone, found = arrays
    assert found.columns == alone.columns
    np.testing.assert_allclose(found.values, alone.values, atol=1e-4)
    assert found.decoding["skeleton"] == alone.decoding["skeleton"]


def test_of_a_motion_in_memory_too() -> None:
    assert align.to_rate(below(moving(0, 30.0)), 20.0, 5).skeleton.names[0] == "Hips"


def test_a_root_that_turns_or_goes_or_has_several_children_stays() -> None:
    motion = below(moving(0, 30.0))
    turns, goes = motion.rotations.copy(), motion.positions.copy()
    turns[3, 0] = TURN
    goes[3, 0, 1] += 1e-6
    moved = (replace(motion, rotations=turns), replace(motion, positions=goes))
    for each in (*moved, below(moving(0, 30.0), others=1), moving(0, 30.0), moving(0, 30.0).cut(0, 1)):
        assert moving_root(each) == 0
        assert from_moving_root(each) is each
