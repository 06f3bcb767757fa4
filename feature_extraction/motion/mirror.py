"""The mirror image of a motion, left for right."""

from dataclasses import replace

import numpy as np

from feature_extraction.motion.sides import possible_twins, twin_of
from feature_extraction.motion.skeleton import Motion, Skeleton

REFLECT = np.array([-1.0, 1.0, 1.0])
"""The mirror is the plane x = 0."""
REFLECT_ROTATION = np.array([1.0, 1.0, -1.0, -1.0])
"""A mirrored turn (wxyz): M R M for M = diag(-1, 1, 1)."""


def mirror(motion: Motion) -> Motion:
    """Give the mirror image of a motion at the plane x = 0: what the left did, the right does.

    The skeleton is mirrored as well, so an asymmetric one becomes its own mirror image; joints keep their names,
    places in the tree and Euler orders. Mirrored twice is the original. ValueError where left and right do not match.
    """
    skeleton = motion.skeleton
    twin = twins(skeleton)
    end_sites = [(twin[j], (-x, y, z)) for j, (x, y, z) in skeleton.end_sites]
    mirrored = replace(
        skeleton,
        offsets=skeleton.offsets[twin] * REFLECT,
        end_sites=tuple(sorted(end_sites, key=lambda end: end[0])),
        moving=tuple(sorted(twin[j] for j in skeleton.moving)),
    )
    rotations = motion.rotations[:, twin] * REFLECT_ROTATION
    source = [skeleton.moving.index(twin[j]) for j in mirrored.moving]
    return Motion(mirrored, motion.fps, rotations, motion.positions[:, source] * REFLECT)


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
