"""Several windows see all of the sound between them, at the frame it is nearest to; the long ones part close tones."""

import numpy as np
import pytest

from feature_extraction.audio import Audio, fine_factor, frame_count, working_rate
from feature_extraction.multi_mel_features import MultiMelFeatures
from feature_extraction.spectrum import hz_to_mel, mel_filterbank, mel_to_hz

WINDOWS = (1024, 2048, 4096)


def by_window(samples: np.ndarray, fps: float) -> np.ndarray:
    """(windows, frames, bands)."""
    values = MultiMelFeatures(fps).encode(Audio(samples.astype(np.float32), working_rate(fps)[0])).values
    return np.moveaxis(values.reshape(len(values), 3, 80), 1, 0)


@pytest.mark.parametrize("fps", [20, 29.97, 60, 100])
def test_a_click_anywhere_leaves_its_trace_loudest_in_the_nearest_frame(fps: float) -> None:
    hop = working_rate(fps)[1]
    for offset in np.linspace(-0.45, 0.45, 11):
        samples = np.zeros(20 * hop)
        samples[round((10 + offset) * hop)] = 1.0
        assert (by_window(samples, fps).mean(axis=2).argmax(axis=1) == 10).all(), offset


@pytest.mark.parametrize("fps", [20, 60, 100])
def test_a_frame_is_the_mean_power_of_its_fine_frames(fps: float) -> None:
    sample_rate, hop = working_rate(fps)
    factor = fine_factor(fps)
    samples = np.random.default_rng(0).uniform(-0.1, 0.1, 20 * hop)
    levels = by_window(samples, fps)
    for place, window in enumerate(WINDOWS):
        bank = mel_filterbank(sample_rate, max(window, 2048), 80, 0.0, 7600.0)
        centres = 7 * hop + (np.arange(factor) - (factor - 1) / 2) * (hop // factor)
        power = []
        for centre in np.round(centres).astype(int):
            heard = samples[centre - window // 2 : centre + window // 2] * np.hanning(window + 1)[:-1]
            power.append(np.abs(np.fft.rfft(heard, max(window, 2048))) ** 2 @ bank)
        expected = 10 * np.log10(np.mean(power, axis=0) / (window / 4) ** 2)
        np.testing.assert_allclose(levels[place, 7], expected, atol=1e-2)


def test_long_windows_part_tones_that_short_ones_do_not() -> None:
    corners = mel_to_hz(np.linspace(0.0, hz_to_mel(7600.0), 82))
    time = np.arange(48000) / 48000
    tones = np.sin(2 * np.pi * corners[11] * time) + np.sin(2 * np.pi * corners[13] * time)
    levels = by_window(0.4 * tones, 20)[:, 10]
    valley = levels[:, [10, 12]].min(axis=1) - levels[:, 11]
    assert valley[2] > 3 > 0.5 > valley[0]


def test_levels_are_absolute_and_silence_lies_at_the_floor() -> None:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, 48000)
    np.testing.assert_allclose(by_window(samples, 20) - by_window(samples / 2, 20), 20 * np.log10(2), atol=1e-3)
    np.testing.assert_allclose(by_window(0 * samples, 20), -100.0, atol=1e-4)


def test_columns_name_window_and_band() -> None:
    array = MultiMelFeatures(100, windows=[512, 4096], n_mels=40).encode(Audio(np.zeros(4800, np.float32), 48000.0))
    assert array.columns[0] == "mel_512_00"
    assert array.columns[-1] == "mel_4096_39"
    assert array.values.shape == (10, 80)


@pytest.mark.parametrize("windows", [[], [1024, 1024], [1]])
def test_senseless_windows_are_refused(windows: list[int]) -> None:
    with pytest.raises(ValueError, match="windows are"):
        MultiMelFeatures(20, windows=windows)


@pytest.mark.parametrize("samples", [1, 100, 4800])
@pytest.mark.parametrize("frames", [None, 1, 40])
def test_frames_are_as_asked_and_finite(samples: int, frames: int | None) -> None:
    audio = Audio(np.random.default_rng(0).uniform(-1, 1, samples).astype(np.float32), 48000.0)
    values = MultiMelFeatures(20).encode(audio, frames).values
    assert len(values) == (frame_count(audio.duration_s, 20) if frames is None else frames)
    assert np.isfinite(values).all()
