"""Motions cut, moved, turned and scaled, and their joints put in another order; the originals stay as they are."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from feature_extraction.motion import rotation
from feature_extraction.motion.resample import ON_FRAME
from feature_extraction.motion.root import FLOOR, UP
from feature_extraction.motion.skeleton import Motion, Skeleton, joint_positions

UPRIGHT = {
    "y": rotation.identity(),
    "-y": rotation.from_euler(np.array([np.pi]), "Z"),
    "z": rotation.from_euler(np.array([-np.pi / 2]), "X"),
    "-z": rotation.from_euler(np.array([np.pi / 2]), "X"),
    "x": rotation.from_euler(np.array([np.pi / 2]), "Z"),
    "-x": rotation.from_euler(np.array([-np.pi / 2]), "Z"),
}
"""The turns (wxyz) that bring an axis up to y."""


def cut(motion: Motion, start_s: float = 0.0, stop_s: float | None = None) -> Motion:
    """Give the frames whose time lies in [start_s, stop_s), to the end without `stop_s`; frame i is at i / fps.

    ValueError where that is no frame.
    """
    start = max(0, _first_frame(start_s, motion.fps))
    stop = motion.frames if stop_s is None else min(motion.frames, _first_frame(stop_s, motion.fps))
    if start >= stop:
        end = "the end" if stop_s is None else f"{stop_s:g} s"
        raise ValueError(
            f"no frame from {start_s:g} s to {end}: the motion has {motion.frames} at {motion.fps:g} fps, "
            f"the last one at {(motion.frames - 1) / motion.fps:g} s"
        )
    return motion.cut(start, stop)


def shift(motion: Motion, by: Sequence[float] | np.ndarray) -> Motion:
    """Move everything by (x, y, z), in the skeleton's unit."""
    positions = motion.positions.copy()
    positions[:, 0] += np.asarray(by, dtype=np.float64)
    return replace(motion, positions=positions)


def to_floor(motion: Motion) -> Motion:
    """Move the motion up or down, so that the lowest point of all its frames, end sites included, is at y = 0."""
    step = np.zeros(3)
    step[UP] = -joint_positions(motion, end_sites=True)[..., UP].min()
    return shift(motion, step)


def to_origin(motion: Motion) -> Motion:
    """Move the motion over the floor, so that the root begins at x = z = 0."""
    step = np.zeros(3)
    step[FLOOR] = -motion.positions[0, 0, FLOOR]
    return shift(motion, step)


def turn(motion: Motion, by: np.ndarray) -> Motion:
    """Turn the world with all that is in it about its origin by the quaternion `by` (4,)."""
    rotations, positions = motion.rotations.copy(), motion.positions.copy()
    rotations[:, 0] = rotation.mul(by, rotations[:, 0])
    positions[:, 0] = rotation.mul_vec(by, positions[:, 0])
    return replace(motion, rotations=rotations, positions=positions)


def rescale(motion: Motion, factor: float) -> Motion:
    """Give the motion with all lengths `factor` times as long; ValueError unless it is positive and finite."""
    if not 0 < factor < np.inf:
        raise ValueError(f"lengths can be multiplied by a positive number, not by {factor:g}")
    skeleton = motion.skeleton
    scaled = replace(
        skeleton,
        offsets=skeleton.offsets * factor,
        end_sites=tuple((joint, (x * factor, y * factor, z * factor)) for joint, (x, y, z) in skeleton.end_sites),
    )
    return replace(motion, skeleton=scaled, positions=motion.positions * factor)


def reorder(motion: Motion, like: Skeleton) -> Motion:
    """Put the joints in the order of another skeleton, with its Euler orders; bones and poses stay the same.

    ValueError unless both have the same joints on the same parents.
    """
    skeleton = motion.skeleton
    _check_same_tree(skeleton, like)
    source = [skeleton.names.index(name) for name in like.names]
    place = {joint: j for j, joint in enumerate(source)}
    moving = sorted(place[joint] for joint in skeleton.moving)
    reordered = Skeleton(
        names=like.names,
        parents=like.parents,
        offsets=skeleton.offsets[source],
        orders=like.orders,
        end_sites=tuple(sorted(((place[joint], end) for joint, end in skeleton.end_sites), key=lambda site: site[0])),
        moving=tuple(moving),
    )
    columns = [skeleton.moving.index(source[j]) for j in moving]
    return replace(
        motion, skeleton=reordered, rotations=motion.rotations[:, source], positions=motion.positions[:, columns]
    )


def with_euler_order(motion: Motion, order: str) -> Motion:
    """Give the motion with one Euler order for all joints that turn, as files write them; "YXZ" is Y first.

    ValueError unless it names each axis once.
    """
    if sorted(order.upper()) != sorted(rotation.AXES):
        raise ValueError(f"{order!r} is not an Euler order: the letters {rotation.AXES} in any order are wanted")
    orders = tuple(order.upper() if own else "" for own in motion.skeleton.orders)
    return replace(motion, skeleton=replace(motion.skeleton, orders=orders))


def _first_frame(time_s: float, fps: float) -> int:
    return int(np.ceil(time_s * fps - ON_FRAME))


def _check_same_tree(skeleton: Skeleton, like: Skeleton) -> None:
    parents, wanted = _parent_names(skeleton), _parent_names(like)
    if extra := [name for name in parents if name not in wanted]:
        raise ValueError(f"cannot reorder: the other skeleton lacks {', '.join(extra)}")
    if missing := [name for name in wanted if name not in parents]:
        raise ValueError(f"cannot reorder: {', '.join(missing)} of the other skeleton is missing")
    for name, parent in wanted.items():
        if parents[name] != parent:
            raise ValueError(
                f"cannot reorder: {name!r} hangs on {parents[name]!r}, in the other skeleton on {parent!r}"
            )


def _parent_names(skeleton: Skeleton) -> dict[str, str]:
    """Give the name of each joint's parent, "" for the root's."""
    return {
        name: skeleton.names[parent] if parent >= 0 else ""
        for name, parent in zip(skeleton.names, skeleton.parents, strict=True)
    }
