"""Extractors take any motion and any sound: odd skeletons, odd rates, silence, a single sample."""

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import registry
from feature_extraction.audio import Audio, frame_count, working_rate
from feature_extraction.base_features import BaseFeatures
from feature_extraction.feature import find_extractor
from feature_extraction.motion.resample import resample, resampled_frames
from tests.feature_extraction.motion.synthetic import any_motion
from tests.feature_extraction.round_trip import assert_given_back

FPS = st.sampled_from([20, 23.976, 24, 25, 29.97, 30, 50, 60, 100, 120])
OF_MOTION = [name for name in registry.names("features") if find_extractor(name).source == "motion"]
OF_SOUND = [name for name in registry.names("features") if find_extractor(name).source == "audio"]
SOUNDS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "silence": lambda rng, length: np.zeros(length),
    "a constant": lambda rng, length: np.full(length, 0.5),
    "full scale": lambda rng, length: np.sign(rng.standard_normal(length)),
    "noise": lambda rng, length: 0.1 * rng.standard_normal(length),
    "a whisper": lambda rng, length: 1e-9 * rng.standard_normal(length),
    "far too loud": lambda rng, length: 3e4 * rng.standard_normal(length),
    "a click at the end": lambda rng, length: np.arange(length) == length - 1,
    "a tone": lambda rng, length: np.sin(np.arange(length) / rng.uniform(1, 100)),
    "subnormal": lambda rng, length: np.full(length, 1e-40),
}
fuzz = settings(max_examples=40, deadline=timedelta(seconds=10), derandomize=True)


def made(name: str, fps: float) -> BaseFeatures:
    try:
        return find_extractor(name)(fps)
    except LookupError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("name", OF_SOUND)
def test_any_sound_has_features(name: str) -> None:
    @fuzz
    @given(st.sampled_from(list(SOUNDS)), FPS, st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 100, 3000, 70_000]))
    def check(kind: str, fps: float, seed: int, length: int) -> None:
        samples = SOUNDS[kind](np.random.default_rng(seed), length).astype(np.float32)
        audio = Audio(samples, working_rate(fps)[0])
        array = made(name, fps).encode(audio)
        assert array.values.shape == (frame_count(audio.duration_s, fps), len(array.columns))
        assert array.values.dtype == np.float32
        assert np.isfinite(array.values).all()

    check()


@pytest.mark.parametrize("name", OF_MOTION)
def test_any_motion_has_features(name: str) -> None:
    @fuzz
    @given(FPS, FPS, st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 40]))
    def check(fps_in: float, fps: float, seed: int, frames: int) -> None:
        motion = any_motion(np.random.default_rng(seed), frames, fps_in)
        features = find_extractor(name)(fps, joints="all")
        array = features.encode(resample(motion, fps))
        assert array.values.shape == (resampled_frames(frames, fps_in, fps), len(array.columns))
        assert np.isfinite(array.values).all()
        if features.reversible:
            assert_given_back(name, motion, fps, f"{seed}, {frames} frames")

    check()
