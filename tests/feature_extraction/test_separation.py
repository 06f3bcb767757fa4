"""Harmonic and percussive parts sum to the sound, are librosa's to the last digit, and hold what they should."""

import numpy as np
import pytest

from feature_extraction import separation
from feature_extraction.separation import separate

RATE = 22050


def tone_and_clicks(seconds: float = 3.0) -> tuple[np.ndarray, np.ndarray]:
    time = np.arange(round(seconds * RATE)) / RATE
    tone = 0.2 * (np.sin(2 * np.pi * 440 * time) + np.sin(2 * np.pi * 660 * time))
    clicks = np.zeros(len(time))
    clicks[RATE // 4 :: RATE // 2] = 1.0
    return tone.astype(np.float32), clicks.astype(np.float32)


def test_parts_sum_to_the_sound() -> None:
    sound = np.random.default_rng(0).uniform(-1, 1, 30001).astype(np.float32)
    harmonic, percussive = separate(sound)
    assert harmonic.dtype == percussive.dtype == np.float32
    np.testing.assert_allclose(harmonic + percussive, sound, atol=1e-6)


def test_a_tone_is_harmonic_and_clicks_are_percussive() -> None:
    tone, clicks = tone_and_clicks()
    harmonic, percussive = separate(tone + clicks)
    inside = slice(4096, -4096)
    assert np.corrcoef(harmonic[inside], tone[inside])[0, 1] > 0.99
    assert np.corrcoef(percussive[inside], clicks[inside])[0, 1] > 0.99


def test_parts_are_librosas() -> None:
    from librosa.effects import hpss

    sound = sum(tone_and_clicks(2.0)) + np.random.default_rng(0).normal(0, 0.05, 2 * RATE).astype(np.float32)
    for ours, theirs in zip(separate(sound), hpss(sound), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_parts_do_not_depend_on_how_many_frames_are_done_together(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = sum(tone_and_clicks())
    whole = separate(sound)
    monkeypatch.setattr(separation, "FRAMES_AT_ONCE", 20)
    for ours, theirs in zip(separate(sound), whole, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize("samples", [0, 1, 100, 2048, 5000])
def test_short_sounds_and_silence_are_taken_apart(samples: int) -> None:
    for sound in (np.zeros(samples, np.float32), np.ones(samples, np.float32)):
        harmonic, percussive = separate(sound)
        assert len(harmonic) == len(percussive) == samples
        assert np.isfinite(harmonic).all()
        np.testing.assert_allclose(harmonic + percussive, sound, atol=1e-6)


def test_input_is_not_written_to() -> None:
    sound = sum(tone_and_clicks(1.0))
    before = sound.copy()
    separate(sound)
    np.testing.assert_array_equal(sound, before)
