"""Legs of a skeleton, found by names and bone lengths, and bent so that an ankle is where it should be."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from analysis.render.anatomy import Tree, corners
from feature_extraction.motion import rotation
from feature_extraction.motion.joint_guess import parts_of
from feature_extraction.motion.skeleton import Motion, Skeleton, fk, local_positions

FOOT_SHARE = 0.35  # a foot is at most this part of its leg
STRETCHED = 0.9995  # of a leg's length; a leg that is quite straight does not know which way to bend
STRAIGHT = 1e-3  # a knee's sine below which it takes the mean axis of its bending


@dataclass(frozen=True)
class Leg:
    """Joints of one leg; other joints between hip and ankle keep their places between these."""

    hip: int
    knee: int
    ankle: int
    toe: int
    """The next point of the tree after the ankle, a joint or an end site; the ankle itself where there is none."""


def legs_of(tree: Tree, skeleton: Skeleton) -> tuple[Leg, Leg]:
    """The left and the right leg; `tree` is the skeleton's, end sites after the joints.

    Raises:
        ValueError: if names do not tell left from right, or a leg has no knee.
    """
    found = corners(tree)
    if found is None:
        raise ValueError(
            f"no two legs can be told among the joints {', '.join(skeleton.names[:8])}, ...; "
            "names are to say which are left and right"
        )
    parts = parts_of(skeleton)
    feet = {joint for joint, (_, part) in parts.items() if part == "foot"}
    left, right = (_leg(tree, len(skeleton.names), hip, feet) for hip in found[:2])
    return left, right


def _leg(tree: Tree, joints: int, hip: int, feet: Collection[int]) -> Leg:
    path, reach = [hip], tree.reach
    while children := tree.children(path[-1]):
        path.append(max(children, key=lambda child: reach[child] + tree.lengths[child]))
    inside = [point for point in path[2:] if point < joints]
    named = (point for point in inside if point in feet)
    short = (point for point in inside if reach[point] <= FOOT_SHARE * reach[hip])
    ankle = next(named, next(short, None))
    if ankle is None:
        raise ValueError(f"the leg that begins at {tree.names[hip]} has no knee and ankle")
    place = path.index(ankle)
    along = np.cumsum(tree.lengths[path[1 : place + 1]])
    knee = path[1 + int(np.argmin(np.abs(along[:-1] - along[-1] / 2)))]
    toes = [point for point in path[place + 1 :] if tree.lengths[point] > 0]
    return Leg(hip, knee, ankle, toes[0] if toes else ankle)


def reach_for(motion: Motion, leg: Leg, targets: np.ndarray, chosen: np.ndarray) -> Motion:
    """The motion with the leg bent in the `chosen` (frames,) so that its ankle is at `targets` (frames, 3).

    The hip stays where it is and the foot keeps its direction. A target out of reach is approached as far as the leg
    goes. Frames that are not chosen stay as they are.
    """
    if not chosen.any():
        return motion
    skeleton = motion.skeleton
    some = Motion(skeleton, motion.fps, motion.rotations[chosen], motion.positions[chosen])
    turned, places = fk(some.rotations, local_positions(some), skeleton.parents)
    hip, knee, ankle = (places[:, joint] for joint in (leg.hip, leg.knee, leg.ankle))
    bend = _bend(hip, knee, ankle, np.linalg.norm(targets[chosen] - hip, axis=-1), turned[:, leg.hip])
    bent = knee + rotation.mul_vec(bend, ankle - knee)
    swing = rotation.between(bent - hip, targets[chosen] - hip)
    # Turns in the world: all from the hip on by `swing`, from the knee on by `bend` before it, the foot by neither.
    both = rotation.mul(swing, bend)
    rotations = motion.rotations.copy()
    for joint, before, after in (
        (leg.hip, None, swing),
        (leg.knee, swing, both),
        (leg.ankle, both, None),
    ):
        parent = turned[:, skeleton.parents[joint]] if joint else rotation.identity(len(bend))
        above = parent if before is None else rotation.mul(before, parent)
        own = turned[:, joint] if after is None else rotation.mul(after, turned[:, joint])
        rotations[chosen, joint] = rotation.mul(rotation.inv(above), own)
    return Motion(skeleton, motion.fps, rotations, motion.positions)


def _bend(hip: np.ndarray, knee: np.ndarray, ankle: np.ndarray, wanted: np.ndarray, turned: np.ndarray) -> np.ndarray:
    """Turns (frames, 4) of the shin about the knee that bring the ankle to the distance `wanted` from the hip.

    `turned` (frames, 4) are the hip's, by which the axis of bending goes along.
    """
    thigh, shin = hip - knee, ankle - knee
    upper, lower = np.linalg.norm(thigh, axis=-1), np.linalg.norm(shin, axis=-1)
    normal = np.cross(thigh, shin)
    own = rotation.mul_vec(rotation.inv(turned), normal)
    usual = rotation.mul_vec(turned, np.broadcast_to(own.mean(axis=0), own.shape))
    sine = np.linalg.norm(normal, axis=-1) / (upper * lower)
    axis = np.where((sine > STRAIGHT)[:, None], normal, usual)
    distance = np.maximum(
        _within_reach(wanted, np.linalg.norm(ankle - hip, axis=-1), upper + lower), abs(upper - lower)
    )
    now = np.arctan2(sine, (thigh * shin).sum(axis=-1) / (upper * lower))
    then = np.arccos(np.clip((upper**2 + lower**2 - distance**2) / (2 * upper * lower), -1.0, 1.0))
    return rotation.from_axis_angle(axis / np.maximum(np.linalg.norm(axis, axis=-1), 1e-12)[:, None], then - now)


def _within_reach(wanted: np.ndarray, now: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Distances (frames,) to go to: those wanted, but a leg that is nearly straight stretches ever less."""
    room = np.maximum(length * STRETCHED - now, 1e-9 * length)
    return np.where(wanted > now, now + room * np.tanh((wanted - now) / room), wanted)
