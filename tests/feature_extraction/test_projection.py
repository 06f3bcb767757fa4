"""Principal components: orthonormal, strongest first, the same however the frames are spread over arrays."""

from pathlib import Path

import numpy as np
import pytest

from feature_extraction.projection import Projection, Scatter


@pytest.fixture
def values() -> np.ndarray:
    rng = np.random.default_rng(4)
    return rng.standard_normal((300, 6)) @ rng.standard_normal((6, 6)) + rng.standard_normal(6)


def fitted(values: np.ndarray, dim: int, parts: int = 1) -> Projection:
    return Projection.fit(map(Scatter.of, np.array_split(values, parts)), dim)


def test_components_are_orthonormal_and_the_strongest_come_first(values: np.ndarray) -> None:
    projection = fitted(values, 4)
    np.testing.assert_allclose(projection.components @ projection.components.T, np.eye(4), atol=1e-12)
    variances = projection.projected(values).var(axis=0, dtype=np.float64)
    strongest = np.linalg.eigvalsh(np.cov(values.T, bias=True))[::-1][:4]
    np.testing.assert_allclose(variances, strongest, rtol=1e-5)


def test_all_components_lose_nothing(values: np.ndarray) -> None:
    projection = fitted(values, 6)
    np.testing.assert_allclose(projection.restored(projection.projected(values)), values, atol=1e-5)


def test_what_is_restored_is_the_nearest_that_the_components_can_say(values: np.ndarray) -> None:
    projection = fitted(values, 2)
    rest = values - projection.restored(projection.projected(values))
    np.testing.assert_allclose(rest @ projection.components.T, 0, atol=1e-5)


def test_the_arrays_that_the_frames_come_in_do_not_matter(values: np.ndarray) -> None:
    whole, parts = fitted(values, 3), fitted(values, 3, parts=7)
    np.testing.assert_allclose(parts.components, whole.components, atol=1e-10)
    np.testing.assert_allclose(parts.mean, whole.mean, atol=1e-12)


def test_the_sign_of_a_component_is_settled(values: np.ndarray) -> None:
    components = fitted(values, 6).components
    assert (components[np.arange(6), np.abs(components).argmax(axis=1)] > 0).all()
    np.testing.assert_allclose(fitted(-values, 6).components, components, atol=1e-10)


def test_a_projection_comes_back_from_its_file_and_from_plain_lists(values: np.ndarray, tmp_path: Path) -> None:
    projection = fitted(values, 3)
    projection.save(tmp_path / "a.projection.npz")
    for copy in (Projection.load(tmp_path / "a.projection.npz"), Projection.from_dict(projection.to_dict())):
        np.testing.assert_array_equal(copy.mean, projection.mean)
        np.testing.assert_array_equal(copy.components, projection.components)
