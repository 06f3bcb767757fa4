"""Sound files of any kind are the same sound, on a grid of whole hops; what is no sound is refused by name."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from feature_extraction.audio import (
    Audio,
    _decoded_frames,
    duration,
    fine_factor,
    frame_count,
    hop_of,
    read_audio,
    working_rate,
)

RATES = [1, 7, 15, 20, 23.976, 24, 25, 29.97, 30000 / 1001, 30, 50, 60, 100, 119.88, 120, 240]


def tone(rate: int, seconds: float, hz: float = 440.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(round(rate * seconds)) / rate)


@pytest.mark.parametrize("fps", RATES)
def test_working_rate_has_whole_hops_on_both_grids(fps: float) -> None:
    sample_rate, hop = working_rate(fps)
    assert hop * fps == pytest.approx(sample_rate, rel=1e-12)
    assert hop % fine_factor(fps) == 0
    assert hop % 2 == 0
    assert fine_factor(fps) * fps > 99.999
    assert abs(sample_rate - 48000) < 500
    assert hop_of(Audio(np.zeros(1, np.float32), sample_rate), fps) == hop


@pytest.mark.parametrize("fps", [20, 24, 25, 30, 50, 60, 100])
def test_48_khz_serves_the_usual_rates(fps: float) -> None:
    assert working_rate(fps)[0] == 48000


@pytest.mark.parametrize("fps", [0, -20, float("nan"), 1e5])
def test_a_senseless_frame_rate_is_refused(fps: float) -> None:
    with pytest.raises(ValueError, match="frames a second"):
        working_rate(fps)


def test_sound_without_a_whole_hop_is_refused_with_the_rate_to_read_it_at() -> None:
    with pytest.raises(ValueError, match="48000"):
        hop_of(Audio(np.zeros(10, np.float32), 22050.0), 20)


@pytest.mark.parametrize(("seconds", "fps", "frames"), [(1.0, 20, 20), (1.0001, 20, 21), (0.0, 20, 0), (0.01, 20, 1)])
def test_frame_count_is_rounded_up(seconds: float, fps: float, frames: int) -> None:
    assert frame_count(seconds, fps) == frames


@pytest.mark.parametrize("fps", RATES)
def test_rounding_errors_add_no_frame(fps: float) -> None:
    for frames in (1, 3, 19, 1001, 72000):
        assert frame_count(frames / fps, fps) == frames


@pytest.mark.parametrize(
    ("name", "subtype", "rate", "channels", "tolerance"),
    [
        ("a.wav", "PCM_16", 44100, 2, 1e-4),
        ("a.wav", "PCM_24", 48000, 1, 1e-4),
        ("a.wav", "FLOAT", 16000, 1, 1e-4),
        ("a.wav", "PCM_U8", 8000, 1, 1e-2),
        ("a.wav", "PCM_16", 96000, 6, 1e-4),
        ("a.flac", "PCM_16", 22050, 2, 1e-4),
        ("a.ogg", "VORBIS", 44100, 2, 5e-2),
        ("a.mp3", "MPEG_LAYER_III", 44100, 2, 5e-2),
    ],
)
def test_any_file_is_the_same_sound(
    tmp_path: Path, name: str, subtype: str, rate: int, channels: int, tolerance: float
) -> None:
    path = tmp_path / name
    soundfile.write(path, np.repeat(tone(rate, 1.5)[:, None], channels, axis=1), rate, subtype=subtype)
    audio = read_audio(path, 48000.0)
    assert audio.samples.dtype == np.float32
    assert audio.samples.shape == (72000,)
    assert duration(path) == audio.duration_s == 1.5
    inside = slice(2400, -2400)
    np.testing.assert_allclose(audio.samples[inside], tone(48000, 1.5)[inside], atol=tolerance)


def test_channels_are_averaged_in_floating_point(tmp_path: Path) -> None:
    loud = np.full((1000, 2), 0.9)
    loud[:, 1] = 0.7
    soundfile.write(tmp_path / "a.wav", loud, 16000, subtype="PCM_16")
    audio = read_audio(tmp_path / "a.wav")
    assert audio.sample_rate == 16000
    np.testing.assert_allclose(audio.samples, 0.8, atol=1e-4)


def test_sound_longer_than_a_block_is_whole(tmp_path: Path) -> None:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, 1_200_001).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", samples, 48000, subtype="FLOAT")
    np.testing.assert_array_equal(read_audio(tmp_path / "a.wav").samples, samples)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 96000])
@pytest.mark.parametrize("fps", [20, 29.97])
def test_resampling_keeps_time(tmp_path: Path, rate: int, fps: float) -> None:
    samples = np.zeros(rate * 3)
    samples[[rate // 2, 5 * rate // 2]] = 1.0
    soundfile.write(tmp_path / "a.wav", samples, rate, subtype="FLOAT")
    audio = read_audio(tmp_path / "a.wav", working_rate(fps)[0])
    half = len(audio.samples) // 2
    peaks = np.array([np.argmax(audio.samples[:half]), half + np.argmax(audio.samples[half:])])
    np.testing.assert_allclose(peaks / audio.sample_rate, [0.5, 2.5], atol=1.5 / 48000)
    assert audio.duration_s == pytest.approx(3.0, abs=1 / 48000)


def test_duration_of_an_mp3_without_header_is_that_of_its_sound(tmp_path: Path) -> None:
    sound = tone(44100, 20.0)
    sound[:441000] = 0.0  # fewer bytes a second than the rest, which misleads an estimate from the first ones
    path = tmp_path / "a.mp3"
    soundfile.write(path, sound, 44100, format="MP3", bitrate_mode="VARIABLE")
    whole = path.read_bytes()
    path.write_bytes(whole[whole.index(b"\xff\xfb", 4) :])
    assert duration(path) == read_audio(path).duration_s == pytest.approx(20.0, abs=0.1)


def test_an_mp3_is_decoded_for_its_duration_only_when_it_changed(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    soundfile.write(path, tone(44100, 2.0), 44100, format="MP3")
    _decoded_frames.cache_clear()
    assert duration(path) == duration(path) == pytest.approx(2.0, abs=0.1)
    assert _decoded_frames.cache_info().misses == 1
    soundfile.write(path, tone(44100, 3.0), 44100, format="MP3")
    assert duration(path) == pytest.approx(3.0, abs=0.1)


def test_what_is_no_sound_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"no sound at all")
    for read in (duration, read_audio):
        with pytest.raises(ValueError, match=r"a\.wav is no readable sound file"):
            read(path)
        with pytest.raises(FileNotFoundError, match=r"b\.wav"):
            read(tmp_path / "b.wav")


def test_a_flac_that_breaks_off_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, 48000), 48000)
    path.write_bytes(path.read_bytes()[:50000])
    with pytest.raises(ValueError, match=r"a\.flac cannot be decoded"):
        read_audio(path)


@pytest.mark.parametrize("number", [np.nan, np.inf, 1e30])
def test_numbers_that_are_no_sound_are_refused_with_their_place(tmp_path: Path, number: float) -> None:
    samples = np.zeros(16000, np.float32)
    samples[8000] = number
    soundfile.write(tmp_path / "a.wav", samples, 16000, subtype="FLOAT")
    with pytest.raises(ValueError, match=r"a\.wav holds no sound: sample 8000 \(at 0\.500 s\)"):
        read_audio(tmp_path / "a.wav")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(0), 16000)
    with pytest.raises(ValueError, match="no samples"):
        read_audio(tmp_path / "a.wav")


def test_a_broken_sample_rate_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(100), 3)
    with pytest.raises(ValueError, match="3 samples a second"):
        read_audio(tmp_path / "a.wav")


def test_real_files_of_one_recording_agree(shared_data: Path) -> None:
    paths = sorted((shared_data / "audio_formats").iterdir())
    sounds = {path.name: read_audio(path, 48000.0).samples[:191000] for path in paths}
    original = sounds["metal_44k_st_pcm16.wav"]
    for name, samples in sounds.items():
        likeness = [np.corrcoef(samples[shift : shift - 96], original[48:-48])[0, 1] for shift in range(0, 96, 4)]
        assert np.argmax(likeness) == 12, name
        assert likeness[12] > (0.95 if "_8k" in name else 0.98), name


def test_every_real_recording_has_the_length_its_header_says(shared_data: Path) -> None:
    paths = [p for p in shared_data.rglob("*") if p.suffix in {".wav", ".flac", ".ogg", ".mp3"}]
    assert len(paths) > 20
    for path in paths:
        assert read_audio(path).duration_s == duration(path), path.name
