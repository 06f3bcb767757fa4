"""The mirror image of a motion, left for right, on the same skeleton.

The mirror is the plane x = 0. What a joint's rotation means depends on its own axes, and these are rarely mirrored from
left to right: where all bones lie along x, a joint's own mirror is another plane of its axes. So each joint j has a
reflection M_j, which takes the frame of its twin t to its own such that the twin's bones become its bones. The root
goes to R' = S R_t M_j^T with the world's mirror S, other joints to R' = M_parent R_t M_j^T, and bones to M_parent o_t.
The image's places are exactly mirrored whatever M_j is; its bones are those of the original, and its rotations mean the
same, if M_j is right.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from feature_extraction.motion import rotation
from feature_extraction.motion.inverse_kinematics import PULL
from feature_extraction.motion.sides import possible_twins, twin_of
from feature_extraction.motion.skeleton import Motion, Skeleton

log = logging.getLogger(__name__)

ACROSS_X = np.array([0.0, 1.0, 0.0, 0.0])
"""A reflection M is kept as the rotation -M (wxyz): at the plane x = 0 this is half a turn about x."""
MIRRORS = np.array([ACROSS_X, [0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0]])
"""The reflections that leave axes on axes: at the planes x = 0, z = 0 and y = 0, and at the origin."""
REFLECT = np.array([-1.0, 1.0, 1.0])
REFLECT_ROTATION = np.array([1.0, 1.0, -1.0, -1.0])
"""A rotation (wxyz) conjugated with the reflection at x = 0."""
ALIKE = 0.5
"""Bones that are not farther, in their lengths, from mirrored at x = 0 are a person's, who is not quite symmetric."""
CLOSE = 0.15
"""So far they may be from mirrored in the axes of a joint."""
SHORT = 0.01
"""Bones shorter than this, in units of the skeleton's height, do not say where they point."""
STAY = np.cos(np.pi / 8) - np.sin(np.pi / 8)
"""Of two reflections that are half a turn apart, that above stays unless the mean pose is within 45 degrees of one."""

Pairs = tuple[np.ndarray, np.ndarray]
"""Unit vectors (bones, 3) along a joint's bones, and along the same bones of its twin."""


def mirror(motion: Motion) -> Motion:
    """Give the mirror image of a motion at the plane x = 0: what the left did, the right does.

    Joints keep their names, places in the tree and Euler orders, and their bones where the other side's are as long;
    otherwise the skeleton becomes its own mirror image. Mirrored twice is the original. ValueError where left and right
    do not match.
    """
    skeleton = motion.skeleton
    twin = twins(skeleton)
    own = _reflections(motion, twin)
    above = np.concatenate([ACROSS_X[None], own[list(skeleton.parents[1:])]])
    end_sites = [
        (twin[j], tuple(_reflected(own[twin[j]], np.array(place)).tolist())) for j, place in skeleton.end_sites
    ]
    moving = sorted(twin[j] for j in skeleton.moving)
    mirrored = replace(
        skeleton,
        offsets=_reflected(above, skeleton.offsets[twin]),
        end_sites=tuple(sorted(end_sites, key=lambda end: end[0])),
        moving=tuple(moving),
    )
    turned = motion.rotations[:, twin]
    across = ((own == ACROSS_X) & (above == ACROSS_X)).all(axis=-1, keepdims=True)
    changed = rotation.mul(rotation.mul(above, turned), rotation.inv(own))
    rotations = np.where(across, turned * REFLECT_ROTATION, changed)
    source = [skeleton.moving.index(twin[j]) for j in moving]
    _tell_other_bones(skeleton, mirrored)
    return Motion(mirrored, motion.fps, rotations, _reflected(above[moving], motion.positions[:, source]))


def twins(skeleton: Skeleton) -> list[int]:
    """Give for each joint the one on the other side, for a central joint itself.

    ValueError naming a joint whose twin is missing, or hangs elsewhere in the tree.
    """
    names, parents = skeleton.names, skeleton.parents
    twin = [_twin(name, names) for name in names]
    for j, other in enumerate(twin):
        if twin[other] != j or (j == 0 and other != 0):
            raise ValueError(f"cannot mirror: {names[j]!r} and {names[other]!r} are not each other's twins")
        if j and parents[other] != twin[parents[j]]:
            raise ValueError(
                f"cannot mirror: {names[j]!r} hangs on {names[parents[j]]!r}, but its twin {names[other]!r} hangs on "
                f"{names[parents[other]]!r}, not on {names[twin[parents[j]]]!r}"
            )
    return twin


def _twin(name: str, names: tuple[str, ...]) -> int:
    other = twin_of(name, names)
    if other is None and (candidates := possible_twins(name)):
        raise ValueError(f"cannot mirror: joint {name!r} has no twin {' or '.join(map(repr, candidates))}")
    return names.index(other or name)


def _reflections(motion: Motion, twin: Sequence[int]) -> np.ndarray:
    """Give for each joint the reflection (joints, 4) that takes its twin's frame to its own; twins' are inverse.

    Where all bones are mirrored at x = 0, so are all frames. Otherwise the bones that begin at a joint decide, and what
    they leave open (a turn about a single bone) is as above it, unless only something else makes the mean pose of the
    motion about symmetric.
    """
    skeleton = motion.skeleton
    pairs = [_bones(skeleton, j, twin) for j in range(len(twin))]
    found = np.tile(ACROSS_X, (len(twin), 1))
    if all(_misfit(ACROSS_X, bones) < ALIKE for bones in pairs):
        return found
    mean = rotation.mean(motion.rotations)
    for j, parent in enumerate(skeleton.parents):
        if twin[j] < j:
            found[j] = rotation.inv(found[twin[j]])
        elif parent >= 0:
            posed = rotation.mul(rotation.inv(mean[j]), rotation.mul(found[parent], mean[twin[j]]))
            found[j] = _reflection(pairs[j], posed, found[parent])
        else:
            found[j] = _reflection(pairs[j], ACROSS_X, ACROSS_X)
    return found


def _bones(skeleton: Skeleton, joint: int, twin: Sequence[int]) -> Pairs:
    """Give the directions of the rigid bones that begin at a joint, and those of their twins."""
    lengths = np.linalg.norm(skeleton.offsets, axis=-1)
    ends = [
        j
        for j, parent in enumerate(skeleton.parents)
        if parent == joint
        and {j, twin[j]}.isdisjoint(skeleton.moving)
        and min(lengths[j], lengths[twin[j]]) > SHORT * skeleton.height
    ]
    others = [twin[j] for j in ends]
    return skeleton.offsets[ends] / lengths[ends, None], skeleton.offsets[others] / lengths[others, None]


def _reflection(bones: Pairs, posed: np.ndarray, above: np.ndarray) -> np.ndarray:
    """Give the reflection (4) that takes the twin's bones to a joint's own, of several the one nearest to `posed`.

    If that above it does so, or one that leaves axes on axes, it is one of these: skeletons are built so, and their
    recordings agree on it.
    """
    usual = np.array([above, *MIRRORS])
    fits = np.array([_misfit(each, bones) < CLOSE for each in usual])
    if fits.any():
        near = np.abs(usual @ posed) + STAY * np.isclose(np.abs(usual @ above), 1.0)
        return usual[np.argmax(np.where(fits, near, -1.0))]
    own, other = bones
    return rotation.nearest(PULL * rotation.to_matrix(posed) - own.T @ other / len(own))


def _misfit(reflection: np.ndarray, bones: Pairs) -> float:
    """Give the root mean square distance of a joint's bones from the images of its twin's; 0 without bones."""
    own, other = bones
    return float(np.sqrt(np.mean(np.sum((_reflected(reflection, other) - own) ** 2, axis=-1)))) if len(own) else 0.0


def _reflected(reflections: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Give the images of vectors (..., 3)."""
    across = (reflections == ACROSS_X).all(axis=-1, keepdims=True)
    return np.where(across, vectors * REFLECT, -rotation.mul_vec(reflections, vectors))


def _tell_other_bones(skeleton: Skeleton, image: Skeleton) -> None:
    """Warn where left and right are built so differently that the image is of another skeleton."""
    lengths = np.maximum(np.linalg.norm(skeleton.offsets, axis=-1), SHORT * skeleton.height)
    off = np.linalg.norm(image.offsets - skeleton.offsets, axis=-1) / lengths
    off[[*skeleton.moving, *image.moving]] = 0.0
    if off.max() > ALIKE:
        _tell_once(skeleton.names[off.argmax()], round(100 * off.max()))


@cache
def _tell_once(bone: str, percent: int) -> None:
    """Warn of a skeleton, not of each recording on it."""
    log.warning(
        "left and right of the skeleton are not built alike: in the mirror image the bone of %s is off by %d %% of its "
        "length; training on both blurs the skeleton",
        bone,
        percent,
    )
