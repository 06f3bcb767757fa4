"""Places of joints as seen from where a body stands and faces."""

from collections.abc import Sequence

import numpy as np

from analysis.metrics.roles import find_roles
from feature_extraction.motion import rotation

UP_AXIS = 1


def facing(positions: np.ndarray, joints: Sequence[str], frame: int | None = None) -> np.ndarray:
    """Give positions (..., frames, joints, 3) as seen from the root's place on the floor, the hips in line with x.

    That is the root of each frame, or of the one numbered `frame`. A skeleton without hips is not turned.
    """
    standing = positions if frame is None else positions[..., frame : frame + 1, :, :]
    origin = standing[..., :1, :].copy()
    origin[..., UP_AXIS] = 0.0
    hips = find_roles(joints, ("lhip", "rhip"))
    if len(hips) < 2:
        return positions - origin
    across = standing[..., hips["lhip"], :] - standing[..., hips["rhip"], :]
    turn = rotation.yaw(np.arctan2(across[..., 2], across[..., 0]))
    return rotation.mul_vec(turn[..., None, :], positions - origin)
