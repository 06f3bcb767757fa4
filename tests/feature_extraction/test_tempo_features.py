"""Tempo and phase follow the beats, between them, before them and after them."""

import numpy as np
import pytest

from feature_extraction.audio import Audio, frame_count, working_rate
from feature_extraction.beats_features import BeatsFeatures
from feature_extraction.tempo_features import TempoFeatures, tempo_and_phase


def metronome(bpm: float, fps: float, seconds: float = 15.0, first: float = 0.41) -> tuple[Audio, np.ndarray]:
    rate = working_rate(fps)[0]
    times = np.arange(first, seconds - 0.1, 60 / bpm)
    samples = np.zeros(round(seconds * rate), np.float32)
    samples[np.round(times * rate).astype(int)] = 0.9
    return Audio(samples, rate), times


@pytest.mark.parametrize("bpm", [80, 120, 150])
@pytest.mark.parametrize("fps", [20, 29.97, 60, 120])
def test_a_metronome_has_its_tempo_and_phase(bpm: float, fps: float) -> None:
    audio, times = metronome(bpm, fps)
    array = TempoFeatures(fps).encode(audio)
    assert array.columns == ("tempo", "beat_cos", "beat_sin")
    assert array.values.dtype == np.float32
    tempo, cos, sin = array.values.T
    np.testing.assert_allclose(tempo, bpm, rtol=0.02)
    phase = 2 * np.pi * (np.arange(len(tempo)) / fps - times[0]) * bpm / 60
    off = np.angle(np.exp(1j * phase) / (cos + 1j * sin))
    assert np.abs(off).max() < 2 * np.pi * 0.012 * bpm / 60  # about a fine frame
    np.testing.assert_allclose(np.hypot(cos, sin), 1.0, atol=1e-6)


def test_the_phase_is_0_in_the_frames_of_beats() -> None:
    audio, _ = metronome(97, 20)
    beat = BeatsFeatures(20).encode(audio).values[:, 0] > 0
    cos = TempoFeatures(20).encode(audio).values[:, 1]
    assert cos[beat].min() > np.cos(2 * np.pi * 97 / 60 / 40) - 1e-6  # a frame's time is half a frame off at most


def test_tempo_follows_the_beats_and_phase_counts_them() -> None:
    beats = np.concatenate([np.arange(1.0, 6.0, 0.5), np.arange(6.0, 10.1, 1.0)])
    tempo, phase = tempo_and_phase(beats, np.array([0.5, 1.0, 1.75, 3.25, 8.5, 10.0, 11.5]))
    np.testing.assert_allclose(tempo, [120, 120, 120, 120, 60, 60, 60])
    np.testing.assert_allclose(phase, [-1, 0, 1.5, 4.5, 12.5, 14, 15.5])


def test_two_beats_are_enough() -> None:
    tempo, phase = tempo_and_phase(np.array([2.0, 2.4]), np.array([0.0, 2.2, 2.8]))
    np.testing.assert_allclose(tempo, 150)
    np.testing.assert_allclose(phase, [-5, 0.5, 2])


@pytest.mark.parametrize("seconds", [1e-5, 0.1, 0.9, 3.0])
@pytest.mark.parametrize("kind", ["silence", "noise", "one click"])
@pytest.mark.parametrize("frames", [None, 1, 100])
def test_any_sound_has_finite_values_of_as_many_frames_as_asked(seconds: float, kind: str, frames: int | None) -> None:
    samples = np.zeros(max(1, round(seconds * 48000)), np.float32)
    if kind == "noise":
        samples += np.random.default_rng(0).uniform(-1, 1, len(samples)).astype(np.float32)
    elif kind == "one click":
        samples[len(samples) // 2] = 1.0
    audio = Audio(samples, 48000.0)
    values = TempoFeatures(20).encode(audio, frames).values
    assert values.shape == (frame_count(audio.duration_s, 20) if frames is None else frames, 3)
    assert np.isfinite(values).all()
    if kind == "silence" or seconds < 1:
        assert (values == 0).all()
