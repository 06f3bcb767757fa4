"""Motion of points: joints that are only places, with no bones of fixed length and no rotations."""

import math
from collections.abc import Sequence

import numpy as np

from feature_extraction.motion import rotation
from feature_extraction.motion.skeleton import Motion, Skeleton

LOOKED_AT = 100  # frames, out of all, by which it is decided what is connected
SHORTNESS = 0.1  # what the mean length of a bone counts beside its deviation


def point_motion(places: np.ndarray, names: Sequence[str], parents: Sequence[int], fps: float) -> Motion:
    """Give the motion in which joints are at `places` (frames, joints, 3): none turns, each has its position animated.

    `parents` says what is drawn as connected, the root first; offsets are the mean ways from parent to joint.
    """
    local = places.copy()
    local[:, 1:] -= places[:, list(parents[1:])]
    offsets = local.mean(axis=0)
    offsets[0] = 0.0
    everything = tuple(range(len(names)))
    skeleton = Skeleton(tuple(names), tuple(parents), offsets, ("",) * len(names), (), everything)
    return Motion(skeleton, fps, rotation.identity(len(places), len(names)), local)


def connect(places: np.ndarray) -> tuple[list[int], list[int]]:
    """Guess the bones between points at `places` (frames, points, 3), of which the first is the root.

    Gives an order of the points, the root first, and the parent of each, a place in that order: the tree whose bones
    change their lengths least, and are short (minimum spanning tree, Prim 1957).
    """
    some = places[:: math.ceil((len(places) + 1) / LOOKED_AT)]
    lengths = np.linalg.norm(some[:, :, None] - some[:, None], axis=-1)
    distances = lengths.std(axis=0) + SHORTNESS * lengths.mean(axis=0)
    order, parents = [0], [-1]
    while len(order) < len(distances):
        outside = [point for point in range(len(distances)) if point not in order]
        near, far = np.unravel_index(np.argmin(distances[np.ix_(order, outside)]), (len(order), len(outside)))
        order.append(outside[far])
        parents.append(int(near))
    return order, parents
