"""Spectral flux peaks in frame round(t fps) for a click at any time t, alone or in music, and grows with loudness."""

import numpy as np
import pytest

from feature_extraction import onset
from feature_extraction.audio import Audio, frame_count, working_rate
from feature_extraction.onset import spectral_flux
from feature_extraction.spectralflux_features import SpectralfluxFeatures
from tests.feature_extraction.clicks import assert_peaks_at, click_times, clicks, music

RATES = [15, 20, 24, 25, 29.97, 30, 50, 60, 100, 119.88]


def flux_of(samples: np.ndarray, fps: float, frames: int | None = None) -> np.ndarray:
    audio = Audio(samples.astype(np.float32), working_rate(fps)[0])
    return SpectralfluxFeatures(fps).encode(audio, frames).values[:, 0]


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("quiet", [True, False])
def test_a_click_peaks_in_its_frame(fps: float, quiet: bool) -> None:
    rate = working_rate(fps)[0]
    times = click_times(fps, seed=2)
    background = 0.0 if quiet else music(rate, 2)
    assert_peaks_at(flux_of(clicks(times, rate, 0.9) + background, fps), times, fps)


def test_twice_as_loud_has_twice_the_flux() -> None:
    sound = clicks(click_times(20, seed=1), 48000.0, 0.3) + music(48000.0, 1)
    np.testing.assert_allclose(flux_of(2 * sound, 20), 2 * flux_of(sound, 20), rtol=1e-4)


def test_a_sine_that_begins_rises_where_it_begins() -> None:
    time = np.arange(48000) / 48000
    sine = np.sin(2 * np.pi * 440 * time) * (time >= 0.5)
    fine = spectral_flux(Audio(sine.astype(np.float32), 48000.0), 20)
    assert fine.argmax() == 52  # five fine frames to one of 20 fps, and frame 10 begins 25 ms before its time
    assert fine.max() > 1.0
    assert fine[:52].max() < 1e-3
    assert fine[60:].max() < 0.05 * fine.max()


def test_flux_does_not_depend_on_how_many_frames_are_done_together(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = clicks(click_times(20, seed=1), 48000.0, 0.3) + music(48000.0, 1)
    whole = flux_of(sound, 20)
    monkeypatch.setattr(onset, "FRAMES_AT_ONCE", 70)
    np.testing.assert_allclose(flux_of(sound, 20)[2:], whole[2:], rtol=1e-5)  # the start is held against a mean


def test_steady_sound_silence_and_the_ends_of_a_song_have_little_flux() -> None:
    assert (flux_of(np.zeros(48000), 20) == 0).all()
    song = clicks(np.array([2.0]), 48000.0, 0.9) + music(48000.0, 0)
    flux = flux_of(song[: round(2.512 * 48000)], 20, frames=60)
    assert flux[:3].max() < flux[40] / 2
    assert flux[45:].max() < flux[40] / 2
    assert (flux[52:] == 0).all()


@pytest.mark.parametrize("samples", [1, 100, 4800, 30000])
@pytest.mark.parametrize("frames", [None, 1, 40])
def test_frames_are_as_asked_and_finite(samples: int, frames: int | None) -> None:
    flux = flux_of(np.random.default_rng(0).uniform(-1, 1, samples), 20, frames)
    assert len(flux) == (frame_count(samples / 48000, 20) if frames is None else frames)
    assert np.isfinite(flux).all()
