"""The motion of one skeleton put on another one, by a map of joints and with regard to how both are at rest.

A joint turns in the world as its driver does, counted from the rest poses. These may differ, in what they mean (arms
straight out or hanging, other axes) and in shape (another slope of the foot). So each joint is first turned such that
the bones which begin at it point as their counterparts do; feet, hands and heads, and joints of several bones, have a
shape of their own and keep it, as long as it could be one. In some files the zero pose is none (all bones lie along x);
then all bones are turned, and what they do not say, their turn about themselves, is arbitrary: a frame that shows a
real pose says it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise, permutations, product

import numpy as np

from feature_extraction.motion import rotation
from feature_extraction.motion.inverse_kinematics import PULL, SHORT, bones
from feature_extraction.motion.resting import resting_skeleton
from feature_extraction.motion.root import UP
from feature_extraction.motion.skeleton import Motion, Skeleton, fk, joint_positions, local_positions

LEVEL = re.compile(r"foot|feet|ankle|toe|head", re.IGNORECASE)
"""Joints that are level in any rest pose, whatever the slope of their bones."""
FEET = re.compile(r"foot|feet|ankle|toe", re.IGNORECASE)
SAME_POSE = np.radians(45)
"""Bones that differ by less, on average, are of the same pose and differ in shape."""
STANDING = 0.05
"""The share of frames in which the lowest foot may be below the floor (it sinks in, or jumps down)."""

Joints = Mapping[int, int]
"""The target's joint -> the source's joint that drives it."""
Directions = dict[int, tuple[np.ndarray, np.ndarray]]
"""The target's joint -> unit vectors (bones, 3) of its bones in the world, and of their counterparts in the source."""


def retarget(
    motion: Motion,
    target: Motion,
    joints: Joints,
    *,
    rest: np.ndarray | None = None,
    target_rest: np.ndarray | None = None,
) -> Motion:
    """Give the motion on the target's skeleton, at the motion's own rate.

    Bones keep the target's lengths. The way of the root is scaled as the legs are, and the feet are on the same floor.
    Joints that nothing drives keep their rest. Sliding and stretching joints of the target stay at their means.

    Args:
        motion: what moves.
        target: any motion on the skeleton that is wanted.
        joints: as `joint_map.match` gives it, the target's root included.
        rest: local rotations (joints, 4) of the source's rest pose; otherwise its zero pose.
        target_rest: those of the target's, which is meant to be the same pose.
    """
    source = _Body.at_rest(motion, rest)
    stand = _Body.at_rest(target, target_rest)
    shown = rest is not None or target_rest is not None
    turns = _turns(_directions(source, stand, joints), stand.skeleton, joints, shown)

    world, places = fk(motion.rotations, local_positions(motion), motion.skeleton.parents)
    rotations = np.tile(stand.rotations, (motion.frames, 1, 1))
    turned: list[np.ndarray] = []
    for j, parent in enumerate(stand.skeleton.parents):
        if j in joints:
            since_rest = rotation.mul(world[:, joints[j]], rotation.inv(source.turned[joints[j]]))
            turned.append(rotation.mul(since_rest, rotation.mul(turns[j], stand.turned[j])))
            rotations[:, j] = rotation.mul(rotation.inv(turned[parent]), turned[j]) if parent >= 0 else turned[j]
        else:
            turned.append(rotation.mul(turned[parent], rotations[:, j]))
    feet = _feet(source, stand, joints)
    ratio = _length_ratio(source, stand, joints, feet or joints)
    moved = Motion(stand.skeleton, motion.fps, rotations, ratio * places[:, [joints[0]]])
    return _on_the_floor(moved, places, feet, ratio) if feet else moved


@dataclass(frozen=True, eq=False)
class _Body:
    """A skeleton, in which the root only moves, in its rest pose: local rotations, and joints in the world."""

    skeleton: Skeleton
    rotations: np.ndarray  # (joints, 4)
    turned: np.ndarray  # (joints, 4)
    places: np.ndarray  # (joints, 3)

    @classmethod
    def at_rest(cls, motion: Motion, rest: np.ndarray | None) -> "_Body":
        skeleton = resting_skeleton(motion, [0])
        rotations = rotation.identity(len(skeleton.names)) if rest is None else rest
        turned, places = fk(rotations[None], skeleton.offsets[None], skeleton.parents)
        return cls(skeleton, rotations, turned[0], places[0])


def _directions(source: _Body, stand: _Body, joints: Joints) -> Directions:
    """Give the directions of each driven joint's bones, as far as the source has bones for them."""
    found: Directions = {}
    for j, driver in joints.items():
        pairs = []
        for end, place in bones(stand.skeleton, j, joints, stand.rotations).items():
            way = source.places[joints[end]] - source.places[driver]
            length = np.linalg.norm(way)
            if length > SHORT * source.skeleton.height and driver in _above(source.skeleton, joints[end]):
                own = rotation.mul_vec(stand.turned[j], place)
                pairs.append((own / np.linalg.norm(own), way / length))
        if pairs:
            own_ways, ways = zip(*pairs, strict=True)
            found[j] = np.array(own_ways), np.array(ways)
    return found


def _turns(directions: Directions, skeleton: Skeleton, joints: Joints, shown: bool) -> dict[int, np.ndarray]:
    """Give for each driven joint the turn (4) in the world that brings its rest to that of its driver."""
    axes = _turn_of_axes(*directions[0], shown) if 0 in directions else rotation.identity()
    everything = [np.concatenate(each) for each in zip(*directions.values(), strict=True)]
    same_pose = bool(everything) and _deviation(axes, *everything) < SAME_POSE
    turns: dict[int, np.ndarray] = {}
    for j in joints:
        above = next((turns[up] for up in _above(skeleton, j) if up in turns), axes)
        level = same_pose and LEVEL.search(skeleton.names[j]) is not None
        if j not in directions:
            turns[j] = axes if level else above
            continue
        own, ways = directions[j]
        kept = axes if level else min((axes, above), key=lambda turn: _deviation(turn, own, ways))
        has_shape = level or (same_pose and len(own) > 1)
        if has_shape and _deviation(kept, own, ways) < SAME_POSE:
            turns[j] = kept
        else:
            turns[j] = rotation.nearest(ways.T @ own / len(own) + PULL * rotation.to_matrix(above))
    return turns


def _turn_of_axes(own: np.ndarray, ways: np.ndarray, shown: bool) -> np.ndarray:
    """Give the turn (4) between the axes of two files, the best of 24; a pose that is shown may face anywhere."""
    axes = min(AXES_TURNS, key=lambda turn: _deviation(turn, own, ways))
    if not shown:
        return axes
    up = rotation.mul_vec(axes, np.eye(3)[UP])
    turned = rotation.mul_vec(axes, own)
    sine = np.cross(turned, ways) @ up
    cosine = np.sum(turned * ways, axis=1) - (turned @ up) * (ways @ up)
    return rotation.mul(rotation.from_axis_angle(up, np.arctan2(sine.sum(), cosine.sum())), axes)


def _deviation(turn: np.ndarray, own: np.ndarray, ways: np.ndarray) -> float:
    """Give the mean angle in radians between the turned vectors (n, 3) and those that they stand for."""
    half = np.linalg.norm(rotation.mul_vec(turn, own) - ways, axis=1) / 2
    return float(np.mean(2 * np.arcsin(np.minimum(half, 1.0))))


def _axes_turns() -> list[np.ndarray]:
    """Give the 24 rotations that bring axes onto axes, the identity first."""
    signed = [
        np.eye(3)[list(order)] * signs for order in permutations(range(3)) for signs in product((1, -1), repeat=3)
    ]
    return [rotation.from_matrix(matrix) for matrix in signed if np.linalg.det(matrix) > 0]


AXES_TURNS = _axes_turns()


def _above(skeleton: Skeleton, joint: int) -> list[int]:
    """Give the joints above one, the nearest first."""
    found = []
    while (joint := skeleton.parents[joint]) >= 0:
        found.append(joint)
    return found


def _feet(source: _Body, stand: _Body, joints: Joints) -> dict[int, int]:
    """Give the part of the map that is about feet."""
    names = {j: (stand.skeleton.names[j], source.skeleton.names[driver]) for j, driver in joints.items()}
    return {j: joints[j] for j, both in names.items() if any(FEET.search(name) for name in both)}


def _length_ratio(source: _Body, stand: _Body, joints: Joints, ends: Joints) -> float:
    """Give how much longer the target is than the source, from the root through driven joints down to the `ends`."""
    own = other = 0.0
    for end in ends:
        path = [j for j in (end, *_above(stand.skeleton, end)) if j in joints]
        for below, above in pairwise(path):
            own += float(np.linalg.norm(stand.places[below] - stand.places[above]))
            other += float(np.linalg.norm(source.places[joints[below]] - source.places[joints[above]]))
    return own / other if own and other else stand.skeleton.height / source.skeleton.height


def _on_the_floor(motion: Motion, places: np.ndarray, feet: Joints, ratio: float) -> Motion:
    """Move the motion up or down, so that its feet are as high as the source's (frames, joints, 3), to scale."""
    own = joint_positions(motion)[:, list(feet)]
    theirs = places[:, list(feet.values())] * ratio
    lean = (motion.positions[:, 0] - own.mean(axis=1)).mean(axis=0)
    axis = int(np.argmax(np.abs(lean)))
    side = np.sign(lean[axis])
    floors = [np.quantile((side * feet_places[..., axis]).min(axis=1), STANDING) for feet_places in (own, theirs)]
    positions = motion.positions.copy()
    positions[:, 0, axis] += side * (floors[1] - floors[0])
    return replace(motion, positions=positions)
