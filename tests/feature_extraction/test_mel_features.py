"""Mel bands see all of the sound, at the frame it is nearest to, on a level that depends on nothing else."""

from pathlib import Path

import numpy as np
import pytest

from feature_extraction.audio import Audio, frame_count, read_audio, working_rate
from feature_extraction.mel_features import MelFeatures, window_length
from feature_extraction.spectrum import hz_to_mel, mel_to_hz

RATES = [15, 20, 24, 25, 29.97, 30, 50, 60, 100, 120]


def audio_of(samples: np.ndarray, fps: float) -> Audio:
    return Audio(samples.astype(np.float32), working_rate(fps)[0])


def noise(fps: float, seconds: float = 2.0, seed: int = 0) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal(round(seconds * working_rate(fps)[0]))


@pytest.mark.parametrize("fps", RATES)
def test_windows_cover_the_hop_and_tell_bands_apart(fps: float) -> None:
    hop = working_rate(fps)[1]
    assert window_length(hop) >= 1.5 * hop
    array = MelFeatures(fps).encode(audio_of(noise(fps), fps))
    assert array.values.shape == (frame_count(2.0, fps), 80)
    assert array.values.dtype == np.float32
    assert array.columns[0] == "mel_00"
    assert len(array.columns) == 80
    assert (array.values.std(axis=0) > 0.5).all()


@pytest.mark.parametrize("fps", [20, 29.97, 60])
def test_a_click_anywhere_leaves_its_trace_loudest_in_the_nearest_frame(fps: float) -> None:
    sample_rate, hop = working_rate(fps)
    for offset in np.linspace(-0.49, 0.49, 15):
        samples = np.zeros(20 * hop)
        samples[round((10 + offset) * hop)] = 1.0
        level = MelFeatures(fps).encode(Audio(samples.astype(np.float32), sample_rate)).values
        assert level.mean(axis=1).argmax() == 10
        assert (level[10] > -90).all()
        assert level[10].mean() > MelFeatures(fps).encode(audio_of(samples * 0, fps)).values.max() + 20


@pytest.mark.parametrize("fps", [20, 60])
def test_levels_are_absolute(fps: float) -> None:
    samples = noise(fps)
    level = MelFeatures(fps).encode(audio_of(samples, fps)).values
    half = MelFeatures(fps).encode(audio_of(samples / 2, fps)).values
    np.testing.assert_allclose(level - half, 20 * np.log10(2), atol=1e-3)
    louder_later = np.concatenate([samples, samples * 100])
    beside_loud = MelFeatures(fps).encode(audio_of(louder_later, fps)).values
    untouched = len(level) - 3
    np.testing.assert_allclose(beside_loud[:untouched], level[:untouched], atol=1e-3)


@pytest.mark.parametrize("fps", [20, 100])
def test_a_full_scale_sine_is_0_db_in_one_hertz(fps: float) -> None:
    sample_rate, _ = working_rate(fps)
    bands = mel_to_hz(np.linspace(0.0, hz_to_mel(7600.0), 82))
    band = 60
    time = np.arange(round(2 * sample_rate)) / sample_rate
    level = MelFeatures(fps).encode(audio_of(np.sin(2 * np.pi * bands[band + 1] * time), fps)).values[10]
    assert level.argmax() == band
    width = (bands[band + 2] - bands[band]) / 2
    assert level[band] == pytest.approx(-10 * np.log10(width), abs=2.0)  # a window spreads it over several bins


def test_silence_lies_at_the_floor() -> None:
    level = MelFeatures(20, floor_db=-80).encode(audio_of(np.zeros(48000), 20)).values
    np.testing.assert_allclose(level, -80, atol=1e-4)


@pytest.mark.parametrize("samples", [1, 100, 4800, 30000])
@pytest.mark.parametrize("frames", [None, 1, 40])
def test_frames_are_as_asked_and_finite(samples: int, frames: int | None) -> None:
    audio = audio_of(np.random.default_rng(0).uniform(-1, 1, samples), 20)
    level = MelFeatures(20).encode(audio, frames).values
    assert len(level) == (frame_count(audio.duration_s, 20) if frames is None else frames)
    assert np.isfinite(level).all()


def test_recordings_at_other_rates_have_the_same_bands(shared_data: Path) -> None:
    def levels(name: str) -> np.ndarray:
        return MelFeatures(20).encode(read_audio(shared_data / "audio_formats" / name, 48000.0), 80).values

    original = levels("metal_44k_st_pcm16.wav")
    exact = ["metal_16k_mono_float.wav", "metal_22k_mono.flac", "metal_48k_mono_pcm24.wav"]
    for name, typical, worst in [*((name, 0.01, 0.5) for name in exact), ("metal_44k_st.mp3", 0.4, 2.0)]:
        difference = np.abs(levels(name) - original)
        assert np.median(difference) < typical, name
        assert np.percentile(difference, 99) < worst, name
