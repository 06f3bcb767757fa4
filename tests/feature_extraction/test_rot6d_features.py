"""6D is two columns of the matrix, and what a model makes of it is turned back into rotations."""

import numpy as np
from scipy.spatial.transform import Rotation

from feature_extraction.motion import rotation
from feature_extraction.rot6d_features import Rot6dFeatures
from tests.feature_extraction.motion.round_trip import seeded
from tests.feature_extraction.motion.synthetic import random_rotations


def test_columns_are_the_first_two_of_the_matrix() -> None:
    motion = seeded()
    array = Rot6dFeatures(20).encode(motion)
    assert array.values.shape == (200, 4 + 6 * 21)
    quaternions = motion.rotations[:, motion.skeleton.index("LeftArm")]
    matrices = Rotation.from_quat(quaternions, scalar_first=True).as_matrix()
    for part in ("m00", "m10", "m20", "m01", "m11", "m21"):
        found = array.values[:, array.columns.index(f"LeftArm_{part}")]
        np.testing.assert_allclose(found, matrices[:, int(part[1]), int(part[2])], atol=1e-6)


def test_lengths_do_not_matter_and_errors_are_shared_by_both_columns() -> None:
    rng = np.random.default_rng(3)
    rotations = random_rotations(rng, 100)
    six = Rot6dFeatures.from_rotations(rotations)
    scaled = six * np.repeat(rng.uniform(0.5, 2, (100, 2)), 3, axis=1)
    away = rotation.log(rotation.mul(rotation.inv(rotations), Rot6dFeatures.to_rotations(scaled)))
    np.testing.assert_allclose(away, 0, atol=1e-9)
    narrowed = np.array([[np.cos(0.1), np.sin(0.1), 0, np.sin(0.1), np.cos(0.1), 0]])
    np.testing.assert_allclose(rotation.log(Rot6dFeatures.to_rotations(narrowed)), 0, atol=1e-9)


def test_numbers_that_say_nothing_still_give_rotations() -> None:
    six = np.array([[0, 0, 0, 0, 0, 0], [1, 0, 0, 1, 0, 0], [1, 0, 0, -1, 0, 0]], dtype=float)
    np.testing.assert_allclose(np.linalg.norm(Rot6dFeatures.to_rotations(six), axis=-1), 1)
