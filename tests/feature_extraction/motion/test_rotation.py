"""Rotation functions against scipy's, and the laws they obey."""

from itertools import permutations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation, Slerp

from feature_extraction.motion import rotation
from tests.feature_extraction.motion.synthetic import random_rotations

ORDERS = ["".join(axes) for axes in permutations("XYZ")]


def oracle(q: np.ndarray) -> Rotation:
    return Rotation.from_quat(q, scalar_first=True)


def same_rotation(p: np.ndarray, q: np.ndarray, tolerance: float = 1e-14) -> bool:
    return bool(np.minimum(np.abs(p - q).max(axis=-1), np.abs(p + q).max(axis=-1)).max() < tolerance)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def test_products_inverses_and_turned_vectors_are_those_of_scipy(rng: np.random.Generator) -> None:
    p, q = random_rotations(rng, 2, 500)
    v = rng.standard_normal((500, 3))
    assert same_rotation(rotation.mul(p, q), (oracle(p) * oracle(q)).as_quat(scalar_first=True))
    assert same_rotation(rotation.inv(q), oracle(q).inv().as_quat(scalar_first=True))
    np.testing.assert_allclose(rotation.mul_vec(q, v), oracle(q).apply(v), atol=1e-14)
    np.testing.assert_allclose(rotation.to_matrix(q), oracle(q).as_matrix(), atol=1e-14)


def test_leading_axes_broadcast(rng: np.random.Generator) -> None:
    p, q = random_rotations(rng, 5, 1), random_rotations(rng, 1, 7)
    assert rotation.mul(p, q).shape == (5, 7, 4)
    assert rotation.mul_vec(p, rng.standard_normal((7, 3))).shape == (5, 7, 3)
    assert rotation.slerp(p, q, 0.3).shape == (5, 7, 4)


@pytest.mark.parametrize("order", ORDERS)
def test_euler_angles_are_intrinsic_as_in_scipy(order: str, rng: np.random.Generator) -> None:
    angles = rng.uniform(-10, 10, (500, 3))
    assert same_rotation(
        rotation.from_euler(angles, order), Rotation.from_euler(order, angles).as_quat(scalar_first=True)
    )
    q = random_rotations(rng, 500)
    np.testing.assert_allclose(rotation.to_euler(q, order), oracle(q).as_euler(order), atol=1e-12)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("middle", [0.0, np.pi / 2, -np.pi / 2, np.pi / 2 - 1e-9, 1e-9 - np.pi / 2, np.pi / 2 - 1e-5])
def test_euler_angles_describe_the_rotation_at_the_singularity(order: str, middle: float, rng) -> None:
    angles = rng.uniform(-np.pi, np.pi, (200, 3))
    angles[:, 1] = middle
    q = rotation.from_euler(angles, order)
    assert same_rotation(rotation.from_euler(rotation.to_euler(q, order), order), q)


@pytest.mark.parametrize("order", ["", "X", "Y", "Z", "XY", "ZX", "YZ"])
def test_fewer_axes_give_the_rotation_back(order: str, rng: np.random.Generator) -> None:
    q = rotation.from_euler(rng.uniform(-1.5, 1.5, (100, len(order))), order)
    angles = rotation.to_euler(q, order)
    assert angles.shape == (100, len(order))
    assert same_rotation(rotation.from_euler(angles, order), q)


def test_a_hinge_turns_all_the_way_round() -> None:
    angles = np.linspace(-np.pi, np.pi, 41)[1:, None]
    np.testing.assert_allclose(rotation.to_euler(rotation.from_euler(angles, "Z"), "Z"), angles, atol=1e-14)


@pytest.mark.parametrize("order", ["XX", "XYX", "ABC", "xyz", "XYZX"])
def test_what_is_no_order_is_refused(order: str) -> None:
    with pytest.raises(ValueError, match="not an Euler order"):
        rotation.complete_order(order)


def test_matrices_are_turned_back_also_near_half_turns(rng: np.random.Generator) -> None:
    axes = rotation.exp(np.pi * np.concatenate([np.eye(3), -np.eye(3), np.ones((1, 3)) / np.sqrt(3)]))
    q = np.concatenate([random_rotations(rng, 500), axes, rotation.mul(axes, rotation.exp(np.full(3, 1e-7)))])
    assert same_rotation(rotation.from_matrix(rotation.to_matrix(q)), q)


def test_the_nearest_rotation_to_a_rotation_is_itself_also_near_half_turns(rng: np.random.Generator) -> None:
    axes = rng.standard_normal((300, 3))
    axes /= np.linalg.norm(axes, axis=-1, keepdims=True)
    q = rotation.exp(axes * np.concatenate([np.linspace(0, np.pi, 200), np.full(100, np.pi)])[:, None])
    assert same_rotation(rotation.nearest(rotation.to_matrix(q)), q)


def test_the_nearest_rotation_never_mirrors() -> None:
    found = rotation.to_matrix(rotation.nearest(np.diag([1.0, 1.0, -1.0]) * 0.5))
    assert np.linalg.det(found) == pytest.approx(1)
    assert np.linalg.det(rotation.to_matrix(rotation.nearest(np.zeros((3, 3))))) == pytest.approx(1)


def test_exponential_and_logarithm_are_those_of_scipy(rng: np.random.Generator) -> None:
    vectors = rng.standard_normal((500, 3)) * rng.choice([1e-200, 1e-13, 1e-8, 1e-3, 1, 3], (500, 1))
    assert same_rotation(rotation.exp(vectors), Rotation.from_rotvec(vectors).as_quat(scalar_first=True))
    q = random_rotations(rng, 500)
    np.testing.assert_allclose(rotation.log(q), oracle(q).as_rotvec(), atol=1e-13)
    np.testing.assert_array_equal(rotation.log(-q), rotation.log(q))


@pytest.mark.parametrize("angle", [0.0, 1e-300, 1e-15, 1e-11, 1e-8, 1e-3, 1.0, np.pi - 1e-9, np.pi])
def test_logarithm_undoes_the_exponential_at_any_angle(angle: float) -> None:
    vector = angle * np.array([2.0, -3.0, 6.0]) / 7
    back = rotation.log(rotation.exp(vector))
    np.testing.assert_allclose(np.abs(back), np.abs(vector), rtol=1e-14)
    assert np.linalg.norm(back) <= np.pi + 1e-15


def test_slerp_is_that_of_scipy_and_takes_the_shorter_way(rng: np.random.Generator) -> None:
    p, q = random_rotations(rng, 2, 100)
    t = rng.uniform(0, 1, 100)
    ways = [Slerp([0, 1], oracle(ends)) for ends in np.stack([p, q], axis=1)]
    expected = [way(at).as_quat(scalar_first=True) for way, at in zip(ways, t, strict=True)]
    assert same_rotation(rotation.slerp(p, q, t), np.array(expected), 1e-13)
    np.testing.assert_allclose(rotation.slerp(p, -q, t), rotation.slerp(p, q, t), atol=1e-14)


@pytest.mark.parametrize("angle", [0.0, 1e-13, 1e-9, 1e-4, 3.0, np.pi - 1e-6])
def test_slerp_has_constant_speed_at_any_distance(angle: float) -> None:
    p = rotation.exp(np.array([0.3, 0.2, -0.5]))
    q = rotation.mul(p, rotation.exp(np.array([0.0, 0.0, angle])))
    turned = rotation.log(rotation.mul(rotation.inv(p), rotation.slerp(p, q, np.linspace(0, 1, 5))))
    np.testing.assert_allclose(turned[:, 2], angle * np.linspace(0, 1, 5), rtol=1e-9, atol=1e-15)


def test_axis_angle_is_the_exponential_of_their_product(rng: np.random.Generator) -> None:
    axis = rng.standard_normal((50, 3))
    axis /= np.linalg.norm(axis, axis=-1, keepdims=True)
    angle = rng.uniform(-9, 9, 50)
    np.testing.assert_allclose(rotation.from_axis_angle(axis, angle), rotation.exp(axis * angle[:, None]), atol=1e-15)


def test_the_turn_between_directions_takes_one_to_the_other_the_shortest_way(rng: np.random.Generator) -> None:
    u, v = rng.standard_normal((2, 500, 3))
    u[0], v[0] = (1, 2, 3), (-2, -4, -6)
    u[1], v[1] = (0, 0, 2), (1e-9, 0, -2)
    turn = rotation.between(u, v)
    unit_u, unit_v = (each / np.linalg.norm(each, axis=-1, keepdims=True) for each in (u, v))
    np.testing.assert_allclose(rotation.mul_vec(turn, unit_u), unit_v, atol=1e-14)
    angle = 2 * np.arctan2(np.linalg.norm(unit_v - unit_u, axis=-1), np.linalg.norm(unit_v + unit_u, axis=-1))
    np.testing.assert_allclose(np.linalg.norm(rotation.log(turn), axis=-1), angle, atol=1e-12)


def test_a_vector_without_length_is_not_turned() -> None:
    vectors = np.array([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    np.testing.assert_array_equal(rotation.between(vectors, vectors[::-1]), rotation.identity(2))
    np.testing.assert_array_equal(rotation.between(vectors[0], vectors[0]), rotation.identity())


def test_heading_is_the_yaw_put_before_any_tilt(rng: np.random.Generator) -> None:
    angles = rng.uniform(-np.pi, np.pi, 200)
    tilt = rotation.from_axis_angle(np.array([1.0, 0.0, 0.0]), rng.uniform(-1.5, 1.5, 200))
    np.testing.assert_allclose(rotation.heading(rotation.mul(rotation.yaw(angles), tilt)), angles, atol=1e-12)
    q = random_rotations(rng, 200)
    forward = oracle(q).apply([0, 0, 1])
    np.testing.assert_allclose(rotation.heading(q), np.arctan2(forward[:, 0], forward[:, 2]), atol=1e-12)


def test_continuous_only_changes_signs_and_never_jumps(rng: np.random.Generator) -> None:
    turn = rotation.yaw(np.linspace(0, 6 * np.pi, 300))
    shaken = turn * rng.choice([-1.0, 1.0], (300, 1))
    result = rotation.continuous(shaken)
    assert same_rotation(result, turn)
    assert np.sum(result[1:] * result[:-1], axis=-1).min() > 0.9
    np.testing.assert_array_equal(result[0], shaken[0])


def test_mean_is_that_of_scipy_and_of_a_constant_the_constant(rng: np.random.Generator) -> None:
    q = rotation.mul(random_rotations(rng, 1, 5), rotation.exp(0.5 * rng.standard_normal((40, 5, 3))))
    expected = [oracle(q[:, j]).mean().as_quat(scalar_first=True) for j in range(5)]
    assert same_rotation(rotation.mean(q * rng.choice([-1.0, 1.0], (40, 5, 1))), np.array(expected), 1e-12)
    constant = random_rotations(rng, 5)
    assert same_rotation(rotation.mean(np.tile(constant, (30, 1, 1))), constant)
