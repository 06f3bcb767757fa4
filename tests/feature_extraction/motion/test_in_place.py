"""The root's way is taken out and put back, by every mode."""

import json

import numpy as np
import pytest

from feature_extraction.motion import rotation
from feature_extraction.motion.in_place import ROOT_MODES, GivenWay, HipCentric, PosRotDeltas, RootMode, root_mode
from tests.feature_extraction.motion.round_trip import seeded

MODES = (PosRotDeltas, HipCentric, GivenWay)


@pytest.mark.parametrize("mode", [PosRotDeltas, GivenWay])
@pytest.mark.parametrize("frames", [1, 2, 200])
def test_what_was_taken_out_is_put_back(mode: type[RootMode], frames: int) -> None:
    motion = seeded(frames)
    rotations, positions = motion.rotations[:, 0], motion.positions[:, 0]
    in_place = mode().encode(rotations, positions)
    start = json.loads(json.dumps(in_place.start))
    back_rotations, back_positions = mode().decode(in_place.values, in_place.rotations, start)
    np.testing.assert_allclose(np.abs(np.sum(back_rotations * rotations, axis=-1)), 1, atol=1e-12)
    np.testing.assert_allclose(back_positions, positions, atol=1e-6)


@pytest.mark.parametrize("mode", MODES)
def test_in_place_it_has_no_way_and_no_heading(mode: type[RootMode]) -> None:
    motion = seeded()
    in_place = mode().encode(motion.rotations[:, 0], motion.positions[:, 0])
    np.testing.assert_array_equal(in_place.positions[:, [0, 2]], 0)
    np.testing.assert_allclose(rotation.heading(in_place.rotations), 0, atol=1e-12)
    assert in_place.values.shape == (200, len(mode.parts))
    np.testing.assert_array_equal(mode().place(in_place.values), in_place.positions)


@pytest.mark.parametrize("mode", MODES)
def test_for_a_corpus_it_begins_at_the_origin_and_faces_z(mode: type[RootMode]) -> None:
    starts, in_place = [], None
    for seed in range(3):
        motion = seeded(seed=seed, turns=0.1)
        in_place = mode().encode(motion.rotations[:, 0], motion.positions[:, 0])
        starts.append(in_place.start)
    assert in_place is not None
    for merged in (mode().merge(starts), mode().merge([])):
        rotations, positions = mode().decode(in_place.values, in_place.rotations, json.loads(json.dumps(merged)))
        np.testing.assert_allclose(positions[0, [0, 2]], 0, atol=1e-12)
        np.testing.assert_allclose(rotation.heading(rotations[:1]), 0, atol=0.01)


def test_modes_go_by_their_names() -> None:
    assert {name: type(root_mode(name)) for name in ROOT_MODES} == ROOT_MODES
