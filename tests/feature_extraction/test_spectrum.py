"""Spectra are what their formulas say, and agree with librosa and with the reference's published numbers."""

from pathlib import Path

import numpy as np
import pytest
from scipy.signal import get_window

from feature_extraction.align import to_rate
from feature_extraction.audio import Audio, read_audio
from feature_extraction.mel_features import MelFeatures
from feature_extraction.spectrum import (
    FRAMES_AT_ONCE,
    decibels,
    flux,
    hz_to_mel,
    mel_filterbank,
    mel_spectrogram,
    mel_to_hz,
    power_spectrogram,
)

TOLERANCE_DB = 1e-3
SOUNDS = {"music": "music_120bpm_22050_mono.wav", "speech": "speech_16000_stereo.wav"}


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(0).standard_normal(5000).astype(np.float32)


@pytest.mark.parametrize("start", [None, -700, 300])
@pytest.mark.parametrize("window", [None, np.linspace(0, 1, 512)])
def test_power_is_the_squared_transform_of_each_windowed_stretch(
    noise: np.ndarray, start: int | None, window: np.ndarray | None
) -> None:
    frames = FRAMES_AT_ONCE + 3
    power = power_spectrogram(noise, hop=37, n_fft=512, frames=frames, start=start, window=window)
    weights = get_window("hann", 512) if window is None else window
    silence = np.zeros(10000)
    padded = np.concatenate([silence, noise, silence])
    for frame in range(frames):
        first = 10000 + (-256 if start is None else start) + 37 * frame
        expected = np.abs(np.fft.rfft(padded[first : first + 512] * weights)) ** 2
        np.testing.assert_allclose(power[frame], expected, rtol=1e-4, atol=1e-4)
    assert power.dtype == np.float32


@pytest.mark.parametrize("samples", [0, 1, 50])
@pytest.mark.parametrize("frames", [0, 1, 7])
def test_sound_shorter_than_a_window_has_as_many_frames_as_asked(samples: int, frames: int) -> None:
    power = power_spectrogram(np.ones(samples, np.float32), hop=100, n_fft=256, frames=frames)
    assert power.shape == (frames, 129)
    assert np.isfinite(power).all()


def test_a_bank_sums_bins_into_bands(noise: np.ndarray) -> None:
    bank = np.random.default_rng(1).uniform(0, 1, (100, 7)).astype(np.float32)
    power = power_spectrogram(noise, hop=100, n_fft=256, frames=20)
    bands = power_spectrogram(noise, hop=100, n_fft=256, frames=20, bank=bank)
    np.testing.assert_allclose(bands, power[:, :100] @ bank, rtol=1e-5)


def test_input_is_not_written_to(noise: np.ndarray) -> None:
    before = noise.copy()
    power_spectrogram(noise, hop=256, n_fft=512, frames=5)
    np.testing.assert_array_equal(noise, before)


@pytest.mark.parametrize(
    ("sample_rate", "n_fft", "n_mels", "f_min", "f_max"),
    [(48000.0, 4096, 80, 0.0, 8000.0), (22050, 2048, 100, 0.0, None), (47952.048, 2048, 24, 50.0, 8000.0)],
)
def test_filterbank_is_librosas(sample_rate: float, n_fft: int, n_mels: int, f_min: float, f_max: float | None) -> None:
    from librosa.filters import mel

    theirs = mel(sr=sample_rate, n_fft=n_fft, n_mels=n_mels, fmin=f_min, fmax=f_max)
    np.testing.assert_allclose(mel_filterbank(sample_rate, n_fft, n_mels, f_min, f_max).T, theirs, atol=1e-8)


def test_bands_too_narrow_for_the_bins_are_refused() -> None:
    with pytest.raises(ValueError, match="fewer n_mels"):
        mel_filterbank(48000.0, 512, 80, 0.0, 8000.0)


def test_mel_scale_is_inverted() -> None:
    hz = np.array([0.0, 60.0, 999.0, 1000.0, 1001.0, 8000.0])
    np.testing.assert_allclose(mel_to_hz(hz_to_mel(hz)), hz, rtol=1e-12)
    np.testing.assert_allclose(hz_to_mel(np.array([1000.0, 6400.0])), [15.0, 42.0])


def test_decibels_are_relative_to_the_reference_and_end_at_the_floor() -> None:
    power = np.array([0.0, 1e-10, 1.0, 100.0])
    np.testing.assert_allclose(decibels(power, floor=1e-5), [-50.0, -50.0, 0.0, 20.0])
    np.testing.assert_allclose(decibels(power, reference=100.0, floor=1e-5), [-70.0, -70.0, -20.0, 0.0])
    np.testing.assert_allclose(decibels(power, range_db=30.0), [-10.0, -10.0, 0.0, 20.0])


def test_flux_is_the_mean_rise_above_the_frames_before() -> None:
    levels = np.array([[0.0, 5.0], [4.0, 1.0], [6.0, 3.0], [6.0, 9.0]])
    np.testing.assert_allclose(flux(levels), [2.0, 2.0, 3.0])
    np.testing.assert_allclose(flux(levels, memory=2), [1.0, 3.0])
    np.testing.assert_allclose(flux(levels, memory=2, neighbours=1), [0.5, 1.5])


def reference(folder: Path, name: str) -> tuple[dict[str, np.ndarray], np.ndarray, int]:
    """The reference's arrays of one sound, the sound as it heard it, and its rate."""
    audio = read_audio(folder / "audio" / SOUNDS[name])
    prefix = f"transflower_native/{name}/"
    with np.load(folder / "audio" / "features.npz") as arrays:
        known = {key.removeprefix(prefix): arrays[key] for key in arrays if key.startswith(prefix)}
    return known, audio.samples, round(audio.sample_rate)


@pytest.mark.parametrize("name", ["music", "speech"])
def test_mel_agrees_with_the_reference(parity: Path, name: str) -> None:
    known, samples, sample_rate = reference(parity, name)
    expected = known["mel80_db"]
    power = mel_spectrogram(
        samples, sample_rate=sample_rate, hop=int(known["hop"]), n_fft=2048, n_mels=80, frames=len(expected) + 1
    )
    level = decibels(power, reference=float(power.max()), range_db=80.0)
    np.testing.assert_allclose(level[1:], expected, atol=TOLERANCE_DB)


@pytest.mark.parametrize("name", ["music", "speech"])
@pytest.mark.parametrize(("key", "bank_rate"), [("envelope", 22050), ("envelope_correct_sr", None)])
def test_flux_agrees_with_the_reference(parity: Path, name: str, key: str, bank_rate: int | None) -> None:
    # The reference builds the bands for 22,050 Hz whatever the sound's rate is, and delays the flux by the half window.
    known, samples, sample_rate = reference(parity, name)
    expected, hop = known[key][:, 0], int(known["hop"])
    power = mel_spectrogram(
        samples, sample_rate=bank_rate or sample_rate, hop=hop, n_fft=2048, n_mels=100, frames=len(expected) + 1
    )
    rise = flux(decibels(power, range_db=80.0))
    delay = 2048 // (2 * hop)
    np.testing.assert_allclose(expected[:delay], 0.0)
    np.testing.assert_allclose(rise[: len(rise) - delay], expected[delay:], atol=TOLERANCE_DB)


def reference_at_96_khz(folder: Path, name: str) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The reference's arrays of one sound at 96 kHz and a hop of 4800, and the sound as we resample it."""
    prefix = f"transflower_96k/{name}/"
    with np.load(folder / "audio" / "features.npz") as arrays:
        known = {key.removeprefix(prefix): arrays[key] for key in arrays if key.startswith(prefix)}
    return known, read_audio(folder / "audio" / SOUNDS[name], 96000.0).samples


@pytest.mark.parametrize("name", ["music", "speech"])
def test_read_and_resampled_sound_agrees_with_the_reference(parity: Path, name: str) -> None:
    known, samples = reference_at_96_khz(parity, name)
    assert len(samples) == known["n_samples"]
    np.testing.assert_allclose(samples[10000:12000], known["resampled_10000_12000"], atol=1e-6)
    hop, frames = int(known["hop"]), len(known["mel80_db"]) + 1
    power = mel_spectrogram(samples, sample_rate=96000, hop=hop, n_fft=2048, n_mels=80, frames=frames)
    level = decibels(power, reference=float(power.max()), range_db=80.0)
    np.testing.assert_allclose(level[1:], known["mel80_db"], atol=TOLERANCE_DB)


@pytest.mark.parametrize("name", ["music", "speech"])
@pytest.mark.parametrize(("key", "bank_rate"), [("envelope", 22050), ("envelope_correct_sr", 96000)])
def test_flux_of_resampled_sound_agrees_with_the_reference(parity: Path, name: str, key: str, bank_rate: int) -> None:
    known, samples = reference_at_96_khz(parity, name)
    expected, hop = known[key][:, 0], int(known["hop"])
    power = mel_spectrogram(samples, sample_rate=bank_rate, hop=hop, n_fft=2048, n_mels=100, frames=len(expected) + 1)
    np.testing.assert_allclose(flux(decibels(power, range_db=80.0)), expected, atol=TOLERANCE_DB)


def test_the_reference_builds_its_bands_for_another_rate(parity: Path) -> None:
    known, _ = reference_at_96_khz(parity, "music")
    wrong, right = known["envelope"][:, 0], known["envelope_correct_sr"][:, 0]
    assert 5.0 < np.abs(wrong - right).max() < 10.0
    assert 0.99 < np.corrcoef(wrong, right)[0, 1] < 1.0


def test_the_reference_does_not_hear_a_click_between_its_windows() -> None:
    click = np.zeros(96000, np.float32)
    click[10 * 4800 + 1100 : 10 * 4800 + 1484] = 0.9  # 4 ms, after one window of 2048 and before the next
    theirs = mel_spectrogram(click, sample_rate=96000, hop=4800, n_fft=2048, n_mels=80, frames=20)
    assert (theirs == 0).all()
    ours = MelFeatures(20).encode(to_rate(Audio(click, 96000.0), 20)).values
    assert ours[10].max() > -30.0


@pytest.mark.parametrize("size", [0, 1, 2])
def test_multi_resolution_mel_agrees_with_the_reference(parity: Path, size: int) -> None:
    known, samples, sample_rate = reference(parity, "music")
    expected = known["multi_mel80_first60"][:, size]
    power = mel_spectrogram(
        samples,
        sample_rate=sample_rate,
        hop=round(sample_rate / 100),
        n_fft=1024 << size,
        n_mels=80,
        frames=known["multi_mel80_shape"][-1],
    )
    level = decibels(power, reference=float(power.max()), range_db=80.0)
    np.testing.assert_allclose(level[: expected.shape[1]].T, expected, atol=TOLERANCE_DB)
