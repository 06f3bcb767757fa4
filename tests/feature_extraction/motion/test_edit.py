"""Cutting, moving, turning, scaling and reordering leave poses, bones and originals as they are."""

from dataclasses import replace

import numpy as np
import pytest

from feature_extraction.motion import edit, rotation
from feature_extraction.motion.skeleton import Motion, joint_positions
from tests.feature_extraction.motion.synthetic import human, random_rotations, wander

FPS = 30.0


@pytest.fixture
def motion() -> Motion:
    rng = np.random.default_rng(3)
    return wander(rng, human(rng, moving=("Spine1", "LeftForeArm")), 60, FPS)


def test_cut_takes_the_frames_whose_time_is_within(motion: Motion) -> None:
    part = edit.cut(motion, 0.5, 1.0)
    assert part.frames == 15
    np.testing.assert_array_equal(part.rotations, motion.rotations[15:30])
    assert edit.cut(motion, 0.51).frames == 60 - 16
    assert edit.cut(motion, 0, 1 / FPS).frames == 1


def test_cut_in_pieces_joins_to_the_whole(motion: Motion) -> None:
    pieces = [edit.cut(motion, start, start + 0.37).rotations for start in np.arange(0, 2, 0.37)]
    np.testing.assert_array_equal(np.concatenate(pieces), motion.rotations)


@pytest.mark.parametrize(("start", "stop"), [(2.0, None), (1.0, 1.0), (1.0, 0.5), (0.001, 0.002)])
def test_cut_refuses_a_stretch_without_frames(motion: Motion, start: float, stop: float | None) -> None:
    with pytest.raises(ValueError, match=r"60 at 30 fps, the last one at 1\.96667 s"):
        edit.cut(motion, start, stop)


def test_shift_moves_every_joint(motion: Motion) -> None:
    moved = joint_positions(edit.shift(motion, (1, -2, 3)), end_sites=True)
    np.testing.assert_allclose(moved, joint_positions(motion, end_sites=True) + np.array([1, -2, 3]), atol=1e-12)


def test_to_floor_puts_the_lowest_point_at_zero(motion: Motion) -> None:
    places = joint_positions(edit.to_floor(motion), end_sites=True)
    assert abs(places[..., 1].min()) < 1e-12
    np.testing.assert_array_equal(places[..., [0, 2]], joint_positions(motion, end_sites=True)[..., [0, 2]])


def test_to_origin_moves_over_the_floor_only(motion: Motion) -> None:
    moved = edit.to_origin(motion)
    np.testing.assert_array_equal(moved.positions[0, 0], [0, motion.positions[0, 0, 1], 0])


def test_turn_turns_every_joint_about_the_origin(motion: Motion) -> None:
    by = random_rotations(np.random.default_rng(5))
    expected = rotation.mul_vec(by, joint_positions(motion, end_sites=True))
    np.testing.assert_allclose(joint_positions(edit.turn(motion, by), end_sites=True), expected, atol=1e-10)


@pytest.mark.parametrize("axis", edit.UPRIGHT)
def test_upright_brings_the_axis_up(axis: str) -> None:
    vector = np.eye(3)["xyz".index(axis[-1])] * (-1 if axis.startswith("-") else 1)
    np.testing.assert_allclose(rotation.mul_vec(edit.UPRIGHT[axis], vector), [0, 1, 0], atol=1e-15)


def test_rescale_multiplies_every_length(motion: Motion) -> None:
    scaled = edit.rescale(motion, 0.01)
    assert scaled.skeleton.height == pytest.approx(motion.skeleton.height / 100, rel=1e-12)
    places = joint_positions(motion, end_sites=True)
    np.testing.assert_allclose(joint_positions(scaled, end_sites=True), places / 100, atol=1e-12)


@pytest.mark.parametrize("factor", [0.0, -1.0, np.nan, np.inf])
def test_rescale_refuses_what_is_no_size(motion: Motion, factor: float) -> None:
    with pytest.raises(ValueError, match="positive number"):
        edit.rescale(motion, factor)


def test_reorder_keeps_each_joint_where_it_was(motion: Motion) -> None:
    rng = np.random.default_rng(8)
    like = shuffled(rng, motion)
    reordered = edit.reorder(motion, like.skeleton)
    assert reordered.skeleton.names == like.skeleton.names
    assert reordered.skeleton.orders == like.skeleton.orders
    places, expected = joint_positions(reordered, True), joint_positions(motion, True)
    np.testing.assert_allclose(places[:, : len(like.skeleton.names)], expected[:, order_of(like, motion)], atol=1e-10)
    np.testing.assert_allclose(np.sort(places, axis=1), np.sort(expected, axis=1), atol=1e-10)


def test_reorder_there_and_back_is_the_original(motion: Motion) -> None:
    like = shuffled(np.random.default_rng(8), motion)
    back = edit.reorder(edit.reorder(motion, like.skeleton), motion.skeleton)
    assert back.skeleton.to_dict() == motion.skeleton.to_dict()
    np.testing.assert_array_equal(back.rotations, motion.rotations)
    np.testing.assert_array_equal(back.positions, motion.positions)


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"Neck": "Nick"}, "lacks Neck"), ({"": "Tail"}, "Tail of the other skeleton is missing")],
)
def test_reorder_names_the_joints_that_differ(motion: Motion, changes: dict[str, str], message: str) -> None:
    skeleton = motion.skeleton
    names = tuple(changes.get(name, name) for name in skeleton.names)
    if tail := changes.get(""):
        skeleton = replace(
            skeleton,
            parents=(*skeleton.parents, 0),
            offsets=np.vstack([skeleton.offsets, np.ones(3)]),
            orders=(*skeleton.orders, "XYZ"),
            names=(*names, tail),
        )
    else:
        skeleton = replace(skeleton, names=names)
    with pytest.raises(ValueError, match=message):
        edit.reorder(motion, skeleton)


def test_reorder_names_a_joint_that_hangs_elsewhere(motion: Motion) -> None:
    parents = list(motion.skeleton.parents)
    head = motion.skeleton.index("Head")
    parents[head] = 0
    with pytest.raises(ValueError, match="'Head' hangs on 'Neck', in the other skeleton on 'Hips'"):
        edit.reorder(motion, replace(motion.skeleton, parents=tuple(parents)))


def test_euler_order_changes_only_how_files_are_written(motion: Motion) -> None:
    changed = edit.with_euler_order(motion, "yxz")
    assert set(changed.skeleton.orders) == {"YXZ"}
    assert changed.rotations is motion.rotations
    with pytest.raises(ValueError, match="'XXZ' is not an Euler order"):
        edit.with_euler_order(motion, "XXZ")


def test_no_edit_touches_the_original(motion: Motion) -> None:
    before = motion.rotations.copy(), motion.positions.copy(), motion.skeleton.to_dict()
    edit.shift(motion, (1, 1, 1))
    edit.to_floor(motion)
    edit.to_origin(motion)
    edit.turn(motion, edit.UPRIGHT["z"])
    edit.rescale(motion, 2)
    np.testing.assert_array_equal(motion.rotations, before[0])
    np.testing.assert_array_equal(motion.positions, before[1])
    assert motion.skeleton.to_dict() == before[2]


def shuffled(rng: np.random.Generator, motion: Motion) -> Motion:
    """The same tree with its joints in another order, parents first, and other Euler orders."""
    skeleton = motion.skeleton
    key = rng.permutation(len(skeleton.names)).astype(float)
    for j, parent in enumerate(skeleton.parents):
        key[j] = max(key[j], key[parent] + 0.01) if j else -1
    order = np.argsort(key, kind="stable").tolist()
    place = {old: new for new, old in enumerate(order)}
    mixed = replace(
        skeleton,
        names=tuple(skeleton.names[j] for j in order),
        parents=tuple(place.get(skeleton.parents[j], -1) for j in order),
        offsets=skeleton.offsets[order],
        orders=tuple(skeleton.orders[j][::-1] for j in order),
        end_sites=(),
        moving=(0,),
    )
    return Motion(mixed, motion.fps, motion.rotations[:, order], motion.positions[:, :1])


def order_of(like: Motion, motion: Motion) -> list[int]:
    """Where each joint of `like` is in `motion`."""
    return [motion.skeleton.index(name) for name in like.skeleton.names]
