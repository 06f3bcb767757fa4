"""Rotation matrices are scipy's, and what a model makes of them is turned back into the nearest rotations."""

import numpy as np
from scipy.spatial.transform import Rotation

from feature_extraction.motion import rotation
from feature_extraction.rotmat_features import RotmatFeatures
from tests.feature_extraction.motion.round_trip import seeded
from tests.feature_extraction.motion.synthetic import random_rotations


def test_columns_are_the_matrix_row_by_row() -> None:
    motion = seeded()
    array = RotmatFeatures(20).encode(motion)
    assert array.values.shape == (200, 4 + 9 * 21)
    arm = [array.columns.index(f"LeftArm_m{row}{column}") for row in range(3) for column in range(3)]
    quaternions = motion.rotations[:, motion.skeleton.index("LeftArm")]
    expected = Rotation.from_quat(quaternions, scalar_first=True).as_matrix().reshape(-1, 9)
    np.testing.assert_allclose(array.values[:, arm], expected, atol=1e-6)


def test_disturbed_matrices_give_the_nearest_rotations() -> None:
    """By the singular value decomposition, which `nearest` does without."""
    rng = np.random.default_rng(2)
    disturbed = rotation.to_matrix(random_rotations(rng, 500)) + 0.3 * rng.standard_normal((500, 3, 3))
    left, _, right = np.linalg.svd(disturbed)
    left[:, :, 2] *= np.linalg.det(left @ right)[:, None]
    found = rotation.to_matrix(RotmatFeatures.to_rotations(disturbed.reshape(500, 9)))
    np.testing.assert_allclose(found, left @ right, atol=1e-9)
