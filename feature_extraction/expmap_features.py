"""Joint rotations as exponential maps: axis times angle, three numbers without a constraint between them."""

from typing import ClassVar

import numpy as np

from feature_extraction.motion import rotation
from feature_extraction.motion.joint_rotations import JointRotations


class ExpmapFeatures(JointRotations):
    """`LeftArm_alpha`, `_beta`, `_gamma`: the rotation vector in radians, of length at most pi.

    The columns of the root and of all else are those of `motion.joint_rotations`.
    """

    parts: ClassVar[tuple[str, ...]] = ("alpha", "beta", "gamma")

    @staticmethod
    def from_rotations(rotations: np.ndarray) -> np.ndarray:
        """Give the rotation vectors (..., 3) of rotations (..., 4)."""
        return rotation.log(rotations)

    @staticmethod
    def to_rotations(values: np.ndarray) -> np.ndarray:
        """Give the rotations (..., 4) of rotation vectors (..., 3), of any length."""
        return rotation.exp(values)
