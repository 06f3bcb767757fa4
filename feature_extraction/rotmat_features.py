"""Joint rotations as matrices: nine numbers without the jumps that every description by three or four has."""

from typing import ClassVar

import numpy as np

from feature_extraction.motion import rotation
from feature_extraction.motion.joint_rotations import JointRotations


class RotmatFeatures(JointRotations):
    """`LeftArm_m00`, `_m01`, ... `_m22`: the rotation matrix, row by row.

    The columns of the root and of all else are those of `motion.joint_rotations`.
    """

    parts: ClassVar[tuple[str, ...]] = tuple(f"m{row}{column}" for row in range(3) for column in range(3))

    @staticmethod
    def from_rotations(rotations: np.ndarray) -> np.ndarray:
        """Give the matrices (..., 9) of rotations (..., 4)."""
        return rotation.to_matrix(rotations).reshape(*rotations.shape[:-1], 9)

    @staticmethod
    def to_rotations(values: np.ndarray) -> np.ndarray:
        """Give the rotations (..., 4) nearest to matrices (..., 9)."""
        return rotation.nearest(values.reshape(*values.shape[:-1], 3, 3))
