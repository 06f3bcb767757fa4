"""Statistics gathered array by array are those of the whole, and scaling has an inverse."""

from pathlib import Path

import numpy as np
import pytest

from feature_extraction.scaler import Moments, Scaler, total


@pytest.fixture
def arrays() -> list[np.ndarray]:
    """Three arrays of unequal length: a column far from zero, a plain one, a constant one."""
    generator = np.random.default_rng(0)
    far = [1e4, 0.0, 0.3]
    return [(generator.normal(size=(frames, 3)) * [0.1, 5.0, 0.0] + far).astype(np.float32) for frames in (1, 50, 3000)]


def test_moments_added_up_are_those_of_the_whole(arrays: list[np.ndarray]) -> None:
    whole = np.concatenate(arrays).astype(np.float64)
    moments = total(map(Moments.of, arrays))
    assert moments.count == len(whole)
    np.testing.assert_allclose(moments.mean, whole.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(moments.std, whole.std(axis=0), rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(moments.low, whole.min(axis=0))
    np.testing.assert_array_equal(moments.high, whole.max(axis=0))


def test_constant_columns_are_told_apart_from_small_ones(arrays: list[np.ndarray]) -> None:
    assert total(map(Moments.of, arrays)).constant.tolist() == [False, False, True]
    drifting = np.linspace(0.5, 0.5001, 100, dtype=np.float32)[:, None]
    assert not Moments.of(drifting).constant.any()


def test_scaled_values_have_mean_zero_and_deviation_one(arrays: list[np.ndarray]) -> None:
    scaler = Scaler.fit(arrays)
    scaled = scaler.scaled(np.concatenate(arrays))
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled.mean(axis=0, dtype=np.float64), 0, atol=1e-6)
    np.testing.assert_allclose(scaled[:, :2].std(axis=0, dtype=np.float64), 1, rtol=1e-6)
    np.testing.assert_array_equal(scaler.scale[2], 1.0)


def test_scaling_by_the_maximum_fills_minus_one_to_one(arrays: list[np.ndarray]) -> None:
    scaled = Scaler.fit(arrays, "maximum").scaled(np.concatenate(arrays))
    np.testing.assert_allclose(np.abs(scaled[:, :2]).max(axis=0), 1, rtol=1e-6)


@pytest.mark.parametrize("kind", ["standard", "maximum"])
def test_unscaled_undoes_scaled(arrays: list[np.ndarray], kind: str) -> None:
    scaler = Scaler.fit(arrays, kind)
    values = np.concatenate(arrays)
    np.testing.assert_allclose(scaler.unscaled(scaler.scaled(values)), values, rtol=1e-7, atol=1e-6)


def test_a_scaler_comes_back_from_its_file_and_from_plain_lists(arrays: list[np.ndarray], tmp_path: Path) -> None:
    scaler = Scaler.fit(arrays)
    scaler.save(tmp_path / "a.scaler.npz")
    for copy in (Scaler.load(tmp_path / "a.scaler.npz"), Scaler.from_dict(scaler.to_dict())):
        np.testing.assert_array_equal(copy.mean, scaler.mean)
        np.testing.assert_array_equal(copy.scale, scaler.scale)


def test_the_same_scaler_is_written_as_the_same_bytes(arrays: list[np.ndarray], tmp_path: Path) -> None:
    scaler = Scaler.fit(arrays)
    scaler.save(tmp_path / "a.npz")
    scaler.save(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_nothing_to_fit_on_and_an_unknown_kind_are_refused(arrays: list[np.ndarray]) -> None:
    with pytest.raises(ValueError, match="at least one array"):
        Scaler.fit([])
    with pytest.raises(LookupError, match="standard"):
        Scaler.fit(arrays, "robust")


def test_maximum_scaling_stays_within_one_where_the_references_does_not(parity: Path) -> None:
    """The gesture system divides what it has centred by the largest value before centring."""
    with np.load(parity / "motion" / "genea_normalisation.npz") as reference:
        normalised, largest, mean = (reference[key] for key in ("normalised", "max_val", "mean_pose"))
    with np.load(parity / "motion" / "c_genea_yxz_60fps.npz") as motion:
        features = motion["genea/features"]
    published = Scaler(mean, largest + 1e-8)
    np.testing.assert_allclose(published.scaled(features), normalised, atol=1e-6)
    assert np.abs(normalised).max() > 1.13
    ours = Scaler.fit([features], "maximum")
    np.testing.assert_allclose(ours.mean, mean, atol=1e-12)
    np.testing.assert_allclose(np.abs(ours.scaled(features)).max(axis=0), 1.0, atol=1e-6)
