"""The files of a result: names, values, and refusal of what is not finite."""

import numpy as np
import pytest

from feature_extraction.feature import Feature
from feature_extraction.motion.bvh import read_bvh
from feature_extraction.motion.skeleton import joint_positions
from inference.export import Result, export
from inference.postprocessing import smoothed
from tests.inference.conftest import MOTION


@pytest.fixture
def feature(corpus):
    return Feature.load(corpus, MOTION)


@pytest.fixture
def recorded(corpus):
    return np.load(corpus / f"s1.{MOTION}.npy")


def test_recorded_features_become_the_recorded_motion(feature, recorded, corpus, tmp_path):
    own = feature.sequence_decoding(corpus, "s1")
    written = export(Result("s1", [{MOTION: recorded}], {MOTION: own}), {MOTION: feature}, tmp_path, ["bvh"])
    assert [str(path.relative_to(tmp_path)) for path in written] == [
        f"predicted_mods/s1.{MOTION}.npy",
        "predicted_mods/s1.expmap_20.npy",
        "bvh/s1.bvh",
    ]
    assert np.array_equal(np.load(written[0]), recorded)
    np.testing.assert_allclose(np.load(written[1]), np.load(corpus / "s1.expmap_20.npy"), atol=1e-4)
    decoded = joint_positions(feature.decode(recorded, own))
    np.testing.assert_allclose(joint_positions(read_bvh(written[2])), decoded, atol=1e-3)


def test_two_motions_of_one_sequence_keep_apart(feature, recorded, tmp_path):
    result = Result("s1", [{MOTION: recorded, "other": recorded}])
    written = export(result, {MOTION: feature, "other": feature}, tmp_path, ["bvh"])
    assert [path.name for path in written if path.suffix == ".bvh"] == [f"s1.{MOTION}.bvh", "s1.other.bvh"]


def test_a_modality_without_a_description_is_an_array_only(tmp_path):
    written = export(Result("s1", [{"mood": np.zeros((4, 2), np.float32)}]), {}, tmp_path, ["bvh", "mp4"])
    assert [path.name for path in written] == ["s1.mood.npy"]


def test_values_that_are_not_finite_are_refused(feature, recorded, tmp_path):
    diverged = recorded.copy()
    diverged[3:] = np.nan
    with pytest.raises(ValueError, match=f"{MOTION} of s1 is not finite from frame 3"):
        export(Result("s1", [{MOTION: diverged}]), {MOTION: feature}, tmp_path, [])


@pytest.mark.parametrize("frames", [1, 3, 4, 5, 6, 9, 40])
def test_smoothing_keeps_cubics_and_their_length(frames):
    times = np.linspace(-1, 1, frames)[:, None]
    cubic = (times**3 - 2 * times + 0.5 * times**2).astype(np.float32)
    made = smoothed(cubic)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, cubic, atol=1e-5)


def test_smoothing_takes_noise_away():
    noise = np.random.default_rng(0).normal(size=(200, 3))
    assert smoothed(noise).std() < 0.8 * noise.std()


def test_smoothing_is_the_references(parity):
    with np.load(parity / "motion" / "genea_normalisation.npz") as reference:
        np.testing.assert_allclose(smoothed(reference["normalised"]), reference["smoothed"], atol=1e-12)
