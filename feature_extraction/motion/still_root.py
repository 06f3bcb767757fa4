"""A root that never moves, above the joint that does: a world, as some systems put over the hips (GENEA: body_world).

Features describe the way of the root. Of such a skeleton the first joint that goes anywhere is taken for it.
"""

from dataclasses import replace

import numpy as np

from feature_extraction.motion.skeleton import Motion, fk, local_positions


def moving_root(motion: Motion) -> int:
    """Give the first joint that goes anywhere, below still ones that have one child each; 0 where there is no such.

    The joints above it are then the first ones of the skeleton.
    """
    skeleton = motion.skeleton
    joint = 0
    while is_still(motion, joint):
        below = [j for j, parent in enumerate(skeleton.parents) if parent == joint]
        if len(below) != 1:
            return 0
        joint = below[0]
    return joint if joint in skeleton.moving else 0


def is_still(motion: Motion, joint: int) -> bool:
    """Tell whether a joint neither turns nor moves, as seen from its parent."""
    rotations, moving = motion.rotations[:, joint], motion.skeleton.moving
    places = motion.positions[:, moving.index(joint)] if joint in moving else np.zeros((1, 3))
    return bool((rotations == rotations[:1]).all() and (places == places[:1]).all())


def from_moving_root(motion: Motion) -> Motion:
    """Give the motion without still joints above the one that moves, which stays where it is in the world."""
    root = moving_root(motion)
    if not root:
        return motion
    skeleton = motion.skeleton
    turned, places = fk(
        motion.rotations[:, : root + 1], local_positions(motion)[:, : root + 1], skeleton.parents[: root + 1]
    )
    rotations, positions = motion.rotations[:, root:].copy(), motion.positions[:, 1:].copy()
    rotations[:, 0], positions[:, 0] = turned[:, root], places[:, root]
    offsets = skeleton.offsets[root:].copy()
    offsets[0] = 0.0
    rooted = replace(
        skeleton,
        names=skeleton.names[root:],
        parents=(-1, *(parent - root for parent in skeleton.parents[root + 1 :])),
        offsets=offsets,
        orders=skeleton.orders[root:],
        end_sites=tuple((j - root, end) for j, end in skeleton.end_sites if j >= root),
        moving=tuple(j - root for j in skeleton.moving[1:]),
    )
    return Motion(rooted, motion.fps, rotations, positions)
