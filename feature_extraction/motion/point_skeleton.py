"""Motion of points: joints that are only places, with no bones of fixed length and no rotations."""

from collections.abc import Sequence

import numpy as np

from feature_extraction.motion import rotation
from feature_extraction.motion.skeleton import Motion, Skeleton


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
