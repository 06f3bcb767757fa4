"""Cepstra agree with the gesture system's to the last digit where it is right; the feature is silence at 0."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from feature_extraction.audio import Audio, fine_factor, frame_count, read_audio, working_rate
from feature_extraction.cepstrum import frames_within, htk_filterbank, mfcc
from feature_extraction.mfcc_features import MfccFeatures

TOLERANCE = 1e-9
SOUNDS = {"music": "music_120bpm_22050_mono.wav", "speech": "speech_16000_stereo.wav"}


def reference(parity: Path, name: str) -> np.ndarray:
    with np.load(parity / "audio" / "features.npz") as arrays:
        return arrays[name]


def whole_numbers(parity: Path, name: str) -> tuple[np.ndarray, int]:
    """A sound as (n, channels) 16-bit integers."""
    return soundfile.read(parity / "audio" / SOUNDS[name], dtype="int16", always_2d=True)


def cepstra_at_100_fps(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """With the reference's window and step: rounded to whole samples, halves up."""
    hop, window = int(0.01 * sample_rate + 0.5), int(0.02 * sample_rate + 0.5)
    return mfcc(samples.astype(float), sample_rate=sample_rate, hop=hop, window=window, n_fft=1024)


def averaged(fine: np.ndarray) -> np.ndarray:
    return fine[: len(fine) // 5 * 5].reshape(-1, 5, fine.shape[1]).mean(axis=1)


def test_music_agrees_with_the_reference(parity: Path) -> None:
    samples, sample_rate = whole_numbers(parity, "music")
    fine = cepstra_at_100_fps(samples[:, 0], sample_rate)
    np.testing.assert_allclose(fine[:20], reference(parity, "genea_mfcc_100fps_first20/music"), atol=TOLERANCE)
    np.testing.assert_allclose(averaged(fine), reference(parity, "genea_mfcc/music"), atol=TOLERANCE)


def test_stereo_is_averaged_where_the_reference_overflows(parity: Path) -> None:
    samples, sample_rate = whole_numbers(parity, "speech")
    fine = cepstra_at_100_fps(samples.mean(axis=1), sample_rate)
    np.testing.assert_allclose(averaged(fine), reference(parity, "genea_mfcc_no_overflow/speech"), atol=TOLERANCE)
    wrapped = samples.sum(axis=1, dtype=np.int16)
    assert (wrapped != samples.sum(axis=1, dtype=int)).sum() == 257
    theirs = reference(parity, "genea_mfcc/speech")
    np.testing.assert_allclose(averaged(cepstra_at_100_fps(wrapped / 2, sample_rate)), theirs, atol=TOLERANCE)
    assert np.abs(averaged(fine) - theirs).max() > 40


def test_silence_agrees_with_the_reference(parity: Path) -> None:
    silence = cepstra_at_100_fps(np.zeros(44100), 44100)
    np.testing.assert_allclose(silence[7], reference(parity, "genea_silence_mfcc"), atol=TOLERANCE)


def test_the_feature_of_a_file_correlates_with_the_reference(parity: Path) -> None:
    audio = read_audio(parity / "audio" / SOUNDS["speech"], working_rate(20)[0])
    values = MfccFeatures(20, f_max=8000).encode(audio).values
    theirs = reference(parity, "genea_mfcc_no_overflow/speech")
    likeness = [np.corrcoef(values[:159, column], theirs[:, column])[0, 1] for column in range(8)]
    assert min(likeness) > 0.9


def test_steps_of_the_feature_do_not_drift(parity: Path) -> None:
    # At 22,050 Hz the reference's 221 samples are no hundredth of a second: 12 s of sound become 239 frames of 20 fps.
    audio = read_audio(parity / "audio" / SOUNDS["music"], working_rate(20)[0])
    assert len(MfccFeatures(20).encode(audio).values) == 240
    assert len(reference(parity, "genea_mfcc/music")) == 239


@pytest.mark.parametrize("n_mels", [13, 26])
def test_bands_rise_to_1_from_where_the_one_before_peaks(n_mels: int) -> None:
    bank = htk_filterbank(16000, 512, n_mels)
    assert bank.shape == (257, n_mels)
    np.testing.assert_array_equal(bank.max(axis=0), 1.0)
    peaks = bank.argmax(axis=0)
    inside = slice(peaks[0], peaks[-1] + 1)
    np.testing.assert_allclose(bank[inside].sum(axis=1), 1.0)
    assert bank[0].sum() == 0


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="fewer n_mels"):
        htk_filterbank(48000, 256, 26)
    with pytest.raises(ValueError, match="raise n_fft"):
        mfcc(np.zeros(10), sample_rate=16000, hop=160, window=320, n_fft=256)
    with pytest.raises(ValueError, match="n_mfcc 27"):
        MfccFeatures(20, n_mfcc=27)


@pytest.mark.parametrize(("samples", "frames"), [(1, 1), (320, 1), (321, 2), (480, 2), (481, 3)])
def test_windows_come_to_the_end_of_the_sound(samples: int, frames: int) -> None:
    assert frames_within(samples, 160, 320) == frames
    assert len(mfcc(np.ones(samples), sample_rate=16000, hop=160, window=320, n_fft=512)) == frames


def noise(seconds: float, fps: float = 20) -> Audio:
    rate = working_rate(fps)[0]
    return Audio(np.random.default_rng(0).uniform(-0.5, 0.5, round(seconds * rate)).astype(np.float32), rate)


@pytest.mark.parametrize("fps", [15, 20, 25, 29.97, 30, 60, 100])
def test_a_frame_is_the_mean_of_the_windows_that_begin_in_it(fps: float) -> None:
    audio, (rate, hop) = noise(1.0, fps), working_rate(fps)
    window, step = round(0.02 * rate), hop // fine_factor(fps)
    values = MfccFeatures(fps).encode(audio).values

    def cepstra_from(start: int) -> np.ndarray:
        # one window alone, with the sample before it, for the pre-emphasis
        samples = audio.samples[start - 1 : start + window].astype(float)
        units = {"n_fft": 1024, "f_max": 7600.0, "full_scale": 32768.0, "floor": 1.0}
        return mfcc(samples, sample_rate=rate, hop=1, window=window, **units)[1]

    for frame in (1, 3, frame_count(1.0, fps) - 4):
        expected = np.mean([cepstra_from(start) for start in range(frame * hop, (frame + 1) * hop, step)], axis=0)
        np.testing.assert_allclose(values[frame], expected, atol=1e-3)


def test_silence_is_0_in_all_columns_and_so_is_what_lies_beyond_the_sound() -> None:
    array = MfccFeatures(20).encode(Audio(np.zeros(48000, np.float32), 48000.0))
    assert (array.values == 0).all()
    assert array.columns[0] == "mfcc_00"
    values = MfccFeatures(20).encode(noise(1.0), 30).values
    assert (values[20:] == 0).all()
    assert (values[:20, 0] > 10).all()


@pytest.mark.parametrize("samples", [1, 100, 2399, 2401, 4800, 30000])
@pytest.mark.parametrize("frames", [None, 1, 40])
def test_frames_are_as_asked_and_finite(samples: int, frames: int | None) -> None:
    audio = Audio(noise(1.0).samples[:samples], 48000.0)
    values = MfccFeatures(20).encode(audio, frames).values
    assert values.dtype == np.float32
    assert values.shape == (frame_count(audio.duration_s, 20) if frames is None else frames, 26)
    assert np.isfinite(values).all()


def test_the_first_column_is_the_level_and_the_others_do_not_depend_on_it() -> None:
    audio = noise(1.0)
    loud = MfccFeatures(20).encode(audio).values
    soft = MfccFeatures(20).encode(Audio(audio.samples / 10, audio.sample_rate)).values
    np.testing.assert_allclose(loud[:, 0] - soft[:, 0], np.log(100), atol=1e-3)
    np.testing.assert_allclose(loud[:, 1:], soft[:, 1:], atol=1e-3)


def test_without_an_upper_end_bands_go_to_half_the_working_rate() -> None:
    audio = noise(1.0)
    whole = MfccFeatures(20, f_max=None).encode(audio).values
    np.testing.assert_array_equal(whole, MfccFeatures(20, f_max=24000).encode(audio).values)
    np.testing.assert_array_equal(whole, MfccFeatures(20, f_max=1e6).encode(audio).values)
    assert (whole[:, 0] > MfccFeatures(20).encode(audio).values[:, 0] + 1).all()  # there is more to hear


def test_recordings_at_other_rates_have_the_same_cepstra(shared_data: Path) -> None:
    def cepstra(name: str) -> np.ndarray:
        return MfccFeatures(20).encode(read_audio(shared_data / "audio_formats" / name, 48000.0), 80).values

    original = cepstra("metal_44k_st_pcm16.wav")
    exact = ["metal_16k_mono_float.wav", "metal_22k_mono.flac", "metal_48k_mono_pcm24.wav"]
    for name, typical in [*((name, 0.02) for name in exact), ("metal_44k_st.ogg", 0.1)]:
        assert np.median(np.abs(cepstra(name) - original) / original.std(axis=0)) < typical, name
