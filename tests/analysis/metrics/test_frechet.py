"""The laws of the Frechet distance, and of the encoder that FGD measures in."""

from pathlib import Path

import numpy as np
import pytest

from analysis.metrics.frechet import frechet_distance, joined, moments
from analysis.metrics.pose_autoencoder import PoseEncoder, train_encoder


def samples(seed: int, count: int = 200, dim: int = 4) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((count, dim)) @ rng.standard_normal((dim, dim)) + rng.standard_normal(dim)


def test_moments_of_parts_are_those_of_the_whole() -> None:
    values = samples(0) + 1000.0
    whole, parts = moments(values), joined([moments(part) for part in np.split(values, [1, 50, 120])])
    assert whole.count == parts.count
    np.testing.assert_allclose(parts.mean, whole.mean, rtol=1e-12)
    np.testing.assert_allclose(parts.covariance, np.cov(values, rowvar=False), rtol=1e-9)


def test_distance_of_diagonal_covariances_is_known() -> None:
    one, other = np.diag([1.0, 4.0, 9.0]), np.diag([4.0, 1.0, 0.0])
    a, b = (type(moments(samples(0)))(100, mean, c) for mean, c in ((np.zeros(3), one), (np.ones(3), other)))
    assert frechet_distance(a, b) == pytest.approx(3.0 + 1.0 + 1.0 + 9.0)


def test_distance_is_symmetric_and_unmoved_by_rotation() -> None:
    a, b = moments(samples(0)), moments(samples(1))
    turn, _ = np.linalg.qr(np.random.default_rng(2).standard_normal((4, 4)))
    turned = moments(samples(0) @ turn), moments(samples(1) @ turn)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-9)
    assert frechet_distance(*turned) == pytest.approx(frechet_distance(a, b), rel=1e-9)


def test_singular_covariances_lose_nothing() -> None:
    """Directions in which nothing varies add nothing, as the factors of the data themselves show."""
    a, b = samples(0, dim=3) @ np.ones((3, 40)), samples(1, dim=3) @ np.ones((3, 40))
    roots = [np.linalg.qr((x - x.mean(axis=0)) / np.sqrt(len(x) - 1))[1] for x in (a, b)]
    cross = np.linalg.svd(roots[0] @ roots[1].T, compute_uv=False).sum()
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + sum((root**2).sum() for root in roots) - 2 * cross
    assert frechet_distance(moments(a), moments(b)) == pytest.approx(expected, rel=1e-12)


def test_fewer_samples_than_dimensions_are_refused_unless_asked_for() -> None:
    a, b = moments(samples(0, count=4)), moments(samples(1))
    with pytest.raises(ValueError, match="needs more than 4 samples in each set; there are 4"):
        frechet_distance(a, b)
    assert np.isfinite(frechet_distance(a, b, few_samples=True))


def test_the_encoder_is_the_same_each_time_and_when_read_back(tmp_path: Path) -> None:
    windows = samples(3, count=60, dim=12)
    encoder, again = (train_encoder(windows, seed=1, steps=4) for _ in range(2))
    np.testing.assert_array_equal(encoder.encode(windows), again.encode(windows))
    encoder.save(tmp_path / "encoder.npz")
    np.testing.assert_array_equal(PoseEncoder.load(tmp_path / "encoder.npz").encode(windows), again.encode(windows))
    assert train_encoder(windows, seed=1, steps=40).error < encoder.error < 1.5
