"""Beats fall where a metronome clicks, and on the beats that people annotated, as far as a tracker can know them."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from feature_extraction import rhythm
from feature_extraction.audio import Audio, frame_count, read_audio, working_rate
from feature_extraction.beats_features import BeatsFeatures
from feature_extraction.onset import onset_strength

TOLERANCE_S = 0.07
"""How far a tracked beat may lie from an annotated one, as beat tracking is usually judged."""

BORDER_S = 3e-4
"""Nearer to the border between two frames than this, a click may count for either."""


def metronome(bpm: float, seconds: float, fps: float, first: float = 0.41) -> tuple[Audio, np.ndarray]:
    rate = working_rate(fps)[0]
    times = np.arange(first, seconds - 0.1, 60 / bpm)
    decay = np.exp(-np.arange(round(0.02 * rate)) / (0.004 * rate))
    samples = np.zeros(round(seconds * rate), np.float32)
    rng = np.random.default_rng(0)
    for start in np.round(times * rate).astype(int):
        samples[start : start + len(decay)] += 0.5 * decay * rng.uniform(-1, 1, len(decay))
    return Audio(samples, rate), times


def f_measure(found: np.ndarray, annotated: np.ndarray) -> float:
    """Twice the matches over all beats; each annotated beat is matched at most once."""
    nearest = {int(np.abs(annotated - time).argmin()) for time in found if np.abs(annotated - time).min() < TOLERANCE_S}
    return 2 * len(nearest) / (len(found) + len(annotated))


@pytest.mark.parametrize("bpm", [75, 96, 120, 128, 150])
@pytest.mark.parametrize("fps", [20, 29.97, 60])
def test_beats_of_a_metronome_fall_in_the_frames_of_its_clicks(bpm: float, fps: float) -> None:
    audio, times = metronome(bpm, 15.0, fps)
    array = BeatsFeatures(fps).encode(audio)
    assert array.columns == ("beat", "pulse")
    assert array.values.dtype == np.float32
    found = np.flatnonzero(array.values[:, 0])
    expected = np.floor(times * fps + 0.5).astype(int)
    assert len(found) == len(expected)
    clear = np.abs(times * fps % 1 - 0.5) > BORDER_S * fps
    np.testing.assert_array_equal(found[clear], expected[clear])
    assert set(np.unique(array.values[:, 0])) == {0, 1}


@pytest.mark.parametrize("fps", [20, 60])
def test_pulse_crests_on_the_beats_and_sinks_between(fps: float) -> None:
    audio, times = metronome(120, 15.0, fps)
    pulse = BeatsFeatures(fps).encode(audio).values[:, 1]
    on = np.round(times * fps).astype(int)
    between = np.round((times[:-1] + 0.25) * fps).astype(int)
    assert pulse[on].min() > 0.8
    assert pulse[between].max() < 0.3
    assert pulse.min() >= 0
    assert pulse.max() <= 1


def test_pulse_follows_a_tempo_that_drifts() -> None:
    rate = 100.0
    periods = np.linspace(0.55, 0.5, 60)
    times = 1.0 + np.cumsum(periods)
    onsets = np.zeros(round((times[-1] + 1) * rate), np.float32)
    onsets[np.round(times * rate).astype(int)] = 1.0
    pulse = rhythm.pulse(onsets, rate, 115.0)
    assert pulse[np.round(times * rate).astype(int)].mean() > 0.8
    assert pulse[np.round((times[:-1] + periods[1:] / 2) * rate).astype(int)].mean() < 0.2


@pytest.mark.parametrize("bpm", [70, 100, 140])
def test_tempo_of_regular_onsets_is_found(bpm: float) -> None:
    onsets = np.zeros(2000, np.float32)
    onsets[np.round(np.arange(0.5, 19.5, 60 / bpm) * 100).astype(int)] = 1.0
    assert rhythm.tempo(onsets, 100.0) == pytest.approx(bpm, rel=0.02)


def worth(series: np.ndarray, onsets: np.ndarray, period: float) -> float:
    """What a series of beats at 100 frames a second is worth, by the definition."""
    reach = np.arange(-round(period), round(period) + 1)
    score = np.convolve(onsets / onsets.std(), np.exp(-0.5 * (reach * 32 / period) ** 2), mode="same")
    return score[series].sum() - 100 * rhythm.TIGHTNESS * (np.log(np.diff(series) / period) ** 2).sum()


def test_series_of_beats_is_the_best_of_all() -> None:
    rng = np.random.default_rng(0)
    for _ in range(5):
        onsets = np.zeros(140, np.float32)
        onsets[rng.choice(140, 9, replace=False)] = rng.uniform(0.5, 1.0, 9)
        bpm, found = rhythm.beats(onsets, 100.0)
        period = 6000 / bpm
        candidates = np.flatnonzero(onsets)
        for count in range(1, 6):
            for series in map(np.array, itertools.combinations(candidates, count)):
                steps = np.diff(series)
                if (steps >= period / 2).all() and (steps <= 2 * period).all():
                    assert worth(series, onsets, period) <= worth(found, onsets, period) + 0.05


def test_tempo_and_beats_are_librosas_or_better(shared_data: Path) -> None:
    from librosa.beat import beat_track

    for path in sorted((shared_data / "music").glob("*.wav")):
        onsets = onset_strength(read_audio(path, 48000.0), 20)
        tightness = 100 * rhythm.TIGHTNESS
        bpm, theirs = beat_track(onset_envelope=onsets, sr=100.0, hop_length=1, tightness=tightness)
        own_bpm, ours = rhythm.beats(onsets, 100.0)
        assert own_bpm == pytest.approx(bpm[0], rel=1e-6), path.name
        assert worth(ours, onsets, 6000 / own_bpm) >= worth(theirs, onsets, 6000 / own_bpm), path.name
        nearest = np.abs(theirs[:20, None] - ours).min(axis=1)
        assert np.mean(nearest <= 1) > 0.9, path.name


@pytest.mark.parametrize(
    ("name", "period", "least_as_notated", "least_with_halves"),
    [
        # In the first half of one song and the last quarter of the other off-beats are louder, and taken for beats.
        ("feelings_20s_45s", None, 0.45, 0.95),
        ("metal_madness_30s_20s", 0.4, 0.7, 0.95),
    ],
)
def test_beats_of_real_music_are_the_annotated(
    shared_data: Path, name: str, period: float | None, least_as_notated: float, least_with_halves: float
) -> None:
    truth = json.loads((shared_data / "music" / f"{name}.beats.json").read_text())
    audio = read_audio(shared_data / "music" / f"{name}.wav", 48000.0)
    beats = np.array(truth["beats_s"]) if period is None else np.arange(0.0, audio.duration_s, period)
    beats = beats + truth["annotation_to_audio_lag_s"]
    found = np.flatnonzero(BeatsFeatures(20).encode(audio).values[:, 0]) / 20
    assert f_measure(found, beats) > least_as_notated
    assert f_measure(with_halves(found), with_halves(beats)) > least_with_halves


def with_halves(times: np.ndarray) -> np.ndarray:
    return np.sort(np.concatenate([times, (times[1:] + times[:-1]) / 2]))


@pytest.mark.parametrize("fps", [20, 29.97])
@pytest.mark.parametrize("seconds", [1e-5, 0.04, 0.1, 0.9, 1.5, 3.0])
@pytest.mark.parametrize("kind", ["silence", "noise", "tone", "one click"])
def test_any_sound_has_finite_beats_of_as_many_frames_as_asked(fps: float, seconds: float, kind: str) -> None:
    rate = working_rate(fps)[0]
    time = np.arange(max(1, round(seconds * rate))) / rate
    samples = {
        "silence": 0 * time,
        "noise": np.random.default_rng(0).uniform(-1, 1, len(time)),
        "tone": np.sin(2 * np.pi * 440 * time),
        "one click": (np.arange(len(time)) == len(time) // 2).astype(float),
    }[kind]
    audio = Audio(samples.astype(np.float32), rate)
    for frames in (None, 1, 100):
        values = BeatsFeatures(fps).encode(audio, frames).values
        assert values.shape == (frame_count(audio.duration_s, fps) if frames is None else frames, 2)
        assert np.isfinite(values).all()
        if kind == "silence" or seconds < rhythm.SHORTEST_S:
            assert (values == 0).all()


def test_beats_of_a_song_do_not_depend_on_the_frames_asked_for() -> None:
    audio, _ = metronome(110, 12.0, 20)
    whole = BeatsFeatures(20).encode(audio).values
    np.testing.assert_array_equal(BeatsFeatures(20).encode(audio, 100).values, whole[:100])
