"""How a skeleton rests whose zero pose is none: in the frame of its motion that is most like standing upright.

In many files all bones lie along x while all rotations are zero. What such a skeleton's joints mean can be seen from a
pose that is known: a T-pose, or standing with the arms down, which is somewhere in almost any recording.
"""

from collections.abc import Mapping

import numpy as np

from feature_extraction.motion import rotation
from feature_extraction.motion.selection import plain
from feature_extraction.motion.skeleton import Motion, Skeleton, fk, local_positions

LIKE = np.radians(45)
"""Bones that differ by less, on average, from those of a skeleton at rest are at rest themselves."""
MOST_FRAMES = 4000
"""Of longer recordings so many frames, equally spaced, are looked at."""
ARM = ("arm", "forearm")
"""What the bones are called, after the side, that hang down in a person who stands."""


def rest_of(motion: Motion, target: Skeleton, joints: Mapping[int, int]) -> np.ndarray | None:
    """Give the local rotations (joints, 4) of the frame that shows best how a motion's skeleton rests.

    None where the zero pose does. `target` has Mixamo's names and stands in a T-pose with y up while its rotations are
    zero; `joints` says which of the motion's joints drives each of its own.
    """
    bones = [(j, parent) for j, parent in _bones(target, joints).items()]
    if not bones:
        return None
    ends, starts = (list(side) for side in zip(*bones, strict=True))
    standing = _poses(target, ends, starts)
    driven = [joints[j] for j in ends], [joints[j] for j in starts]
    at_zero = _ways(_at_zero(motion.skeleton), *driven)
    if _deviations(at_zero, standing).min() < LIKE:
        return None
    frames = np.unique(np.linspace(0, motion.frames - 1, min(motion.frames, MOST_FRAMES)).round().astype(int))
    places = fk(motion.rotations[frames], local_positions(motion)[frames], motion.skeleton.parents)[1]
    return motion.rotations[frames[_deviations(_ways(places, *driven), standing).min(axis=1).argmin()]]


def _bones(target: Skeleton, joints: Mapping[int, int]) -> dict[int, int]:
    """Give for each driven joint the nearest driven one above it, of another driver."""
    found = {}
    for j in joints:
        parent = target.parents[j]
        while parent >= 0 and joints.get(parent, joints[j]) == joints[j]:
            parent = target.parents[parent]
        if parent >= 0:
            found[j] = parent
    return found


def _poses(target: Skeleton, ends: list[int], starts: list[int]) -> np.ndarray:
    """Give the directions (2, bones, 3) of the target's bones in its T-pose, and with its arms down."""
    straight = _ways(_at_zero(target), ends, starts)[0]
    hanging = straight.copy()
    for place, start in enumerate(starts):
        if plain(target.names[start]).removeprefix("left").removeprefix("right") in ARM:
            hanging[place] = (0.0, -1.0, 0.0)
    return np.stack([straight, hanging])


def _at_zero(skeleton: Skeleton) -> np.ndarray:
    """Give the places (1, joints, 3) while all rotations are zero."""
    rotations = rotation.identity(1, len(skeleton.names))
    return fk(rotations, skeleton.offsets[None], skeleton.parents)[1]


def _ways(places: np.ndarray, ends: list[int], starts: list[int]) -> np.ndarray:
    """Give unit vectors (frames, bones, 3) along bones; zero for those without length."""
    ways = places[:, ends] - places[:, starts]
    lengths = np.linalg.norm(ways, axis=-1, keepdims=True)
    return np.divide(ways, lengths, out=np.zeros_like(ways), where=lengths > 0)


def _deviations(ways: np.ndarray, poses: np.ndarray) -> np.ndarray:
    """Give the mean angles (frames, poses), radians, between bones (frames, bones, 3) and poses (poses, bones, 3).

    Each pose is first turned as a whole to where it fits best (the orthogonal Procrustes problem).
    """
    u, _, vt = np.linalg.svd(np.einsum("fbi,pbj->fpij", ways, poses))
    handedness = np.linalg.det(u @ vt)
    u[..., -1] *= handedness[..., None]
    turned = np.einsum("fpij,pbj->fpbi", u @ vt, poses)
    cosines = np.einsum("fpbi,fbi->fpb", turned, ways)
    return np.arccos(np.clip(cosines, -1.0, 1.0)).mean(axis=-1)
