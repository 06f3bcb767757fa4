"""How a skeleton rests whose zero pose is none, seen from its motion.

In many files all bones lie along x while all rotations are zero. How such a skeleton is in a T-pose is seen in the
frames in which the person stands upright, as almost anybody does in some: hips and chest are there as they are at rest,
other bones are brought from there to the T-pose the shortest way, so that only their turn about themselves is a guess.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from feature_extraction.motion import rotation
from feature_extraction.motion.inverse_kinematics import PULL
from feature_extraction.motion.selection import plain
from feature_extraction.motion.skeleton import Motion, Skeleton, fk, local_positions

LIKE = np.radians(45)
"""Bones that differ by less, on average, from those of a skeleton at rest are at rest themselves."""
MOST_FRAMES = 4000
"""Of longer recordings so many frames, equally spaced, are looked at."""
STANDING = 24
"""How many frames are averaged, those in which the person stands best."""
ARM = ("arm", "forearm", "hand")
"""Where the bones begin, after the side, that hang down in a person who stands."""

Bones = Sequence[tuple[int, int]]
"""(the joint where it begins, the point where it ends): a joint, or beyond them an end site."""


def rest_of(motion: Motion, target: Skeleton, joints: Mapping[int, int]) -> np.ndarray | None:
    """Give the local rotations (joints, 4) that put the skeleton of a motion into the target's rest pose.

    None where its zero pose does. `target` has Mixamo's names and stands in a T-pose with y up while its rotations are
    zero; `joints` says which of the motion's joints drives each of its own.
    """
    skeleton = motion.skeleton
    own, theirs = _bones(target, skeleton, joints)
    if not own:
        return None
    poses = _poses(target, own)
    if _fits(_ways(skeleton, *_at_zero(skeleton), theirs), poses)[1].min() < LIKE:
        return None
    frames = np.unique(np.linspace(0, motion.frames - 1, min(motion.frames, MOST_FRAMES)).round().astype(int))
    turned, places = fk(motion.rotations[frames], local_positions(motion)[frames], skeleton.parents)
    ways = _ways(skeleton, turned, places, theirs)
    turns, deviations = _fits(ways, poses)
    best = deviations.min(axis=1).argsort()[:STANDING]
    back = rotation.inv(turns[best, deviations[best].argmin(axis=1)])[:, None]
    upright = rotation.mul(back, turned[best])
    at_rest = rotation.mean(_at_rest(skeleton, upright, rotation.mul_vec(back, ways[best]), poses[0], theirs))
    above = list(skeleton.parents[1:])
    return np.concatenate([at_rest[:1], rotation.mul(rotation.inv(at_rest[above]), at_rest[1:])])


def _at_rest(skeleton: Skeleton, turned: np.ndarray, ways: np.ndarray, pose: np.ndarray, bones: Bones) -> np.ndarray:
    """Give the joints in the world (frames, joints, 4) when bones (frames, bones, 3) are those of a pose (bones, 3).

    `turned` (frames, joints, 4) are they in a person who stands. Joints of several bones stay as they are: their bones
    have a shape of their own. So do ends that point quite elsewhere, which are no part of a body.
    """
    at_rest: list[np.ndarray] = []
    for joint, parent in enumerate(skeleton.parents):
        own = [place for place, (start, _) in enumerate(bones) if start == joint]
        if parent < 0 or len(own) > 1:
            at_rest.append(turned[:, joint])
            continue
        since = rotation.mul(at_rest[parent], rotation.inv(turned[:, parent]))
        carried = rotation.mul(since, turned[:, joint])
        if own:
            in_joint = rotation.mul_vec(rotation.inv(turned[:, joint]), ways[:, own[0]])
            off = np.arccos(np.clip(rotation.mul_vec(carried, in_joint) @ pose[own[0]], -1.0, 1.0))
            if bones[own[0]][1] < len(skeleton.names) or off.mean() < LIKE:
                product = pose[own[0]][:, None] * in_joint[:, None, :]
                carried = rotation.nearest(product + PULL * rotation.to_matrix(carried))
        at_rest.append(carried)
    return np.stack(at_rest, axis=1)


def _bones(target: Skeleton, source: Skeleton, joints: Mapping[int, int]) -> tuple[Bones, Bones]:
    """Give the bones that both have, from a driven joint to the next below it or to its end, in the same order."""
    pairs = []
    for j in joints:
        above = target.parents[j]
        while above >= 0 and joints.get(above, joints[j]) == joints[j]:
            above = target.parents[above]
        if above >= 0:
            pairs.append(((above, j), (joints[above], joints[j])))
    starts = {above for (above, _), _ in pairs}
    own_ends, their_ends = _ends(target), _ends(source)
    for j, driver in joints.items():
        if j not in starts and j in own_ends and driver in their_ends:
            pairs.append(((j, own_ends[j]), (driver, their_ends[driver])))
    return [own for own, _ in pairs], [theirs for _, theirs in pairs]


def _ends(skeleton: Skeleton) -> dict[int, int]:
    """Give the point that each joint with an end site ends in."""
    count = len(skeleton.names)
    return {joint: count + place for place, (joint, offset) in enumerate(skeleton.end_sites) if any(offset)}


def _poses(target: Skeleton, bones: Bones) -> np.ndarray:
    """Give the directions (2, bones, 3) of the target's bones in its T-pose, and with its arms down."""
    straight = _ways(target, *_at_zero(target), bones)[0]
    hanging = straight.copy()
    for place, (start, _) in enumerate(bones):
        if plain(target.names[start]).removeprefix("left").removeprefix("right") in ARM:
            hanging[place] = (0.0, -1.0, 0.0)
    return np.stack([straight, hanging])


def _at_zero(skeleton: Skeleton) -> tuple[np.ndarray, np.ndarray]:
    """Give the joints' rotations (1, joints, 4) and places (1, joints, 3) in the world when none is rotated."""
    return fk(rotation.identity(1, len(skeleton.names)), skeleton.offsets[None], skeleton.parents)


def _ways(skeleton: Skeleton, turned: np.ndarray, places: np.ndarray, bones: Bones) -> np.ndarray:
    """Give unit vectors (frames, bones, 3) along bones; zero for those without length."""
    ends = [
        places[:, joint] + rotation.mul_vec(turned[:, joint], np.array(offset)) for joint, offset in skeleton.end_sites
    ]
    points = np.concatenate([places, *(end[:, None] for end in ends)], axis=1)
    starts, stops = (list(side) for side in zip(*bones, strict=True))
    ways = points[:, stops] - points[:, starts]
    lengths = np.linalg.norm(ways, axis=-1, keepdims=True)
    return np.divide(ways, lengths, out=np.zeros_like(ways), where=lengths > 0)


def _fits(ways: np.ndarray, poses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the turns (frames, poses, 4) that bring poses (poses, bones, 3) onto bones (frames, bones, 3) best.

    And the mean angles (frames, poses), radians, by which the bones differ then.
    """
    turns = rotation.nearest(np.einsum("fbi,pbj->fpij", ways, poses))
    cosines = np.einsum("fpbi,fbi->fpb", rotation.mul_vec(turns[:, :, None], poses), ways)
    return turns, np.arccos(np.clip(cosines, -1.0, 1.0)).mean(axis=-1)
