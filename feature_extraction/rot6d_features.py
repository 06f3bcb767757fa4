"""Joint rotations in 6D: two columns of the matrix, the fewest numbers that never jump (Zhou et al., arXiv 1812.07035).

Back from the 6D of a model, which are no longer of unit length and at right angles, goes the rotation with the least
squared distance to both columns; the paper keeps the first one's direction and leaves all of the error to the second.
"""

from typing import ClassVar

import numpy as np

from feature_extraction.motion import rotation
from feature_extraction.motion.joint_rotations import JointRotations


class Rot6dFeatures(JointRotations):
    """`LeftArm_m00`, `_m10`, `_m20`, `_m01`, `_m11`, `_m21`: the first two columns of the rotation matrix.

    The columns of the root and of all else are those of `motion.joint_rotations`.
    """

    parts: ClassVar[tuple[str, ...]] = tuple(f"m{row}{column}" for column in range(2) for row in range(3))

    @staticmethod
    def from_rotations(rotations: np.ndarray) -> np.ndarray:
        """Give the 6D (..., 6) of rotations (..., 4)."""
        columns = np.swapaxes(rotation.to_matrix(rotations), -1, -2)[..., :2, :]
        return columns.reshape(*rotations.shape[:-1], 6)

    @staticmethod
    def to_rotations(values: np.ndarray) -> np.ndarray:
        """Give the rotations (..., 4) nearest to 6D (..., 6)."""
        columns = np.zeros((*values.shape[:-1], 3, 3))
        columns[..., :2, :] = values.reshape(*values.shape[:-1], 2, 3)
        return rotation.nearest(np.swapaxes(columns, -1, -2))
