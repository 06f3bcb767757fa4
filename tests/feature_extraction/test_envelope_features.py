"""The onset envelope peaks in frame round(t fps) for a click at any time t, alone or in music, and nowhere else."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from feature_extraction.audio import Audio, fine_factor, frame_count, read_audio, working_rate
from feature_extraction.envelope_features import EnvelopeFeatures
from feature_extraction.onset import onset_strength, pool
from tests.feature_extraction.clicks import BORDER_S, SECONDS, assert_peaks_at, click_times, clicks, music

RATES = [15, 20, 24, 25, 29.97, 30, 50, 60, 100, 119.88]


def envelope_of(samples: np.ndarray, fps: float, frames: int | None = None) -> np.ndarray:
    audio = Audio(samples.astype(np.float32), working_rate(fps)[0])
    return EnvelopeFeatures(fps).encode(audio, frames).values[:, 0]


@pytest.mark.parametrize("height", [1.0, 0.05])
@pytest.mark.parametrize("fps", RATES)
def test_a_click_in_silence_peaks_in_its_frame(fps: float, height: float) -> None:
    times = np.concatenate([click_times(fps, seed) for seed in range(2)])
    for some in (times[: len(times) // 2], times[len(times) // 2 :]):
        envelope = envelope_of(clicks(some, working_rate(fps)[0], height), fps)
        assert_peaks_at(envelope, some, fps)
        assert (envelope > 0.01).sum() <= 2 * len(some)


@pytest.mark.parametrize("fps", RATES)
def test_a_click_in_music_peaks_in_its_frame(fps: float) -> None:
    rate = working_rate(fps)[0]
    for seed in range(3):
        times = click_times(fps, seed)
        assert_peaks_at(envelope_of(clicks(times, rate, 0.9) + music(rate, seed), fps), times, fps)


@pytest.mark.parametrize("rate", [16000, 22050, 44100, 96000])
@pytest.mark.parametrize("fps", [20, 29.97, 60])
def test_a_click_in_a_file_peaks_in_its_frame(tmp_path: Path, rate: int, fps: float) -> None:
    times = click_times(fps, seed=4)
    times = np.round(times * rate) / rate
    times = times[np.abs(times * fps % 1 - 0.5) > BORDER_S * fps]
    soundfile.write(tmp_path / "a.flac", clicks(times, rate, 0.7), rate)
    audio = read_audio(tmp_path / "a.flac", working_rate(fps)[0])
    assert_peaks_at(EnvelopeFeatures(fps).encode(audio).values[:, 0], times, fps)


@pytest.mark.parametrize("fps", [20, 24, 60])
def test_the_border_between_frames_is_sharp(fps: float) -> None:
    rate = working_rate(fps)[0]
    border = 40.5 / fps
    for offset in (-10e-3, -1e-3, -BORDER_S, 0.0, BORDER_S, 1e-3, 10e-3):
        if abs(offset) < 0.5 / fps:
            envelope = envelope_of(clicks(np.array([border + offset]), rate, 0.8), fps)
            assert envelope.argmax() == (40 if offset < 0 else 41), offset


@pytest.mark.parametrize("fps", [20, 24])
def test_a_click_at_the_very_start_peaks_in_frame_0(fps: float) -> None:
    rate = working_rate(fps)[0]
    for time in (0.0, 0.2 / fps, 0.45 / fps):
        assert envelope_of(clicks(np.array([time]), rate, 0.8), fps).argmax() == 0


@pytest.mark.parametrize("seconds", [2.5, 2.512, 2.53])
def test_a_song_cut_anywhere_neither_begins_nor_ends_with_an_onset(seconds: float) -> None:
    rate = working_rate(20)[0]
    song = clicks(np.array([2.0]), rate, 0.9) + music(rate, 0)
    envelope = envelope_of(song[: round(seconds * rate)], 20, frames=60)
    assert envelope[:3].max() < envelope[40] / 2
    assert envelope[45:].max() < envelope[40] / 2
    assert (envelope[52:] == 0).all()


def test_steady_sound_and_silence_have_no_onsets() -> None:
    rate = working_rate(20)[0]
    assert (envelope_of(np.zeros(round(rate)), 20) == 0).all()
    time = np.arange(round(2 * rate)) / rate
    assert envelope_of(0.3 * np.sin(2 * np.pi * 440 * time), 20)[2:].max() < 0.1


@pytest.mark.parametrize("fps", [20, 24, 60])
def test_a_frame_is_the_greatest_of_its_fine_frames(fps: float) -> None:
    factor = fine_factor(fps)
    audio = Audio(music(working_rate(fps)[0], 1).astype(np.float32), working_rate(fps)[0])
    fine = onset_strength(audio, fps)
    frames = frame_count(SECONDS, fps)
    assert len(fine) == (frames + 1) * factor
    assert fine.dtype == np.float32
    pooled = pool(fine, fps, frames)
    for frame in (0, 7, frames - 1):
        assert pooled[frame] == fine[frame * factor : (frame + 1) * factor].max()
    assert (pool(fine, fps, frames + 5)[frames + 1 :] == 0).all()


@pytest.mark.parametrize("samples", [1, 100, 4800, 30000])
@pytest.mark.parametrize("frames", [None, 1, 40])
@pytest.mark.parametrize("fps", [20, 29.97])
def test_frames_are_as_asked_and_finite(samples: int, frames: int | None, fps: float) -> None:
    envelope = envelope_of(np.random.default_rng(0).uniform(-1, 1, samples), fps, frames)
    assert len(envelope) == (frame_count(samples / working_rate(fps)[0], fps) if frames is None else frames)
    assert np.isfinite(envelope).all()


def test_the_strength_is_kept_but_not_shared_between_sounds() -> None:
    first, second = (Audio(music(48000.0, seed).astype(np.float32), 48000.0) for seed in (0, 1))
    assert onset_strength(first, 20) is onset_strength(first, 20)
    assert not np.array_equal(onset_strength(first, 20), onset_strength(second, 20))
    with pytest.raises(ValueError, match="read-only"):
        onset_strength(first, 20)[0] = 1.0
