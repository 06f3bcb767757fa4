"""Each note is heard in its own column, however loud, in whichever octave; drums are heard apart."""

from pathlib import Path

import numpy as np
import pytest

from feature_extraction.audio import Audio, frame_count, read_audio, working_rate
from feature_extraction.chroma_features import ChromaFeatures
from feature_extraction.pitch import NOTES, Q, constant_q, pitch_classes
from feature_extraction.separation import separate

RATES = [20, 24, 29.97, 30, 60, 100, 119.88]


def hz(note: str, octave: int, tuning_hz: float = 440.0) -> float:
    return tuning_hz * 2.0 ** (octave - 4 + (NOTES.index(note) - 9) / 12)


def sine(frequency: float, fps: float, seconds: float = 2.0, height: float = 0.5) -> np.ndarray:
    rate = working_rate(fps)[0]
    return height * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)


def encoded(samples: np.ndarray, fps: float, frames: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Percussive bands and pitch classes."""
    array = ChromaFeatures(fps).encode(Audio(samples.astype(np.float32), working_rate(fps)[0]), frames)
    assert array.columns[0] == "percussive_00"
    assert array.columns[12:] == tuple(f"chroma_{note}" for note in NOTES)
    return array.values[:, :12], array.values[:, 12:]


def test_constant_q_is_its_definition() -> None:
    rng = np.random.default_rng(0)
    samples = rng.uniform(-1, 1, 3000).astype(np.float32)
    frequencies = (0.05, 0.07, 0.21)
    magnitude = constant_q(samples, frequencies, hop=100, start=-30, frames=25)
    silence = np.zeros(2000)
    padded = np.concatenate([silence, samples, silence])
    for place, frequency in enumerate(frequencies):
        reach = np.arange(-1000, 1001)
        window = np.where(np.abs(reach) < Q / frequency / 2, 1 + np.cos(2 * np.pi * reach * frequency / Q), 0)
        kernel = window / window.sum() * 2 * np.exp(2j * np.pi * frequency * reach)
        for frame in range(25):
            centre = 2000 - 30 + 100 * frame
            expected = abs(padded[centre - 1000 : centre + 1001] @ kernel)
            assert magnitude[frame, place] == pytest.approx(expected, rel=1e-3, abs=1e-5)


def test_a_sine_of_amplitude_1_has_a_magnitude_of_1() -> None:
    sound = np.sin(2 * np.pi * 0.1 * np.arange(5000) + 0.3).astype(np.float32)
    heard = constant_q(sound, (0.1 * 2 ** (-1 / 36), 0.1, 0.1 * 2 ** (2 / 36)), hop=500, start=2500, frames=1)[0]
    assert heard[1] == pytest.approx(1.0, abs=1e-3)
    assert heard[0] == pytest.approx(0.5, abs=0.03)
    assert heard[2] < 0.03


@pytest.mark.parametrize("octave", [1, 4, 7])
@pytest.mark.parametrize("note", NOTES[::3])
def test_a_note_of_any_octave_is_heard_in_its_class(note: str, octave: int) -> None:
    rate = 22000.0
    samples = np.sin(2 * np.pi * hz(note, octave) * np.arange(66000) / rate).astype(np.float32)
    heard = pitch_classes(samples, sample_rate=rate, fps=20, frames=60)[30]
    assert NOTES[heard.argmax()] == note
    assert heard.max() == pytest.approx(2.0, rel=0.1)  # in tune, its three filters hear 1/2, 1 and 1/2
    assert np.sort(heard)[-2] < 0.1 * heard.max()


@pytest.mark.parametrize("cents", [-30, 0, 30])
def test_a_note_out_of_tune_is_heard_alike(cents: float) -> None:
    _, notes = encoded(sine(hz("F", 4) * 2 ** (cents / 1200), 20), 20)
    assert NOTES[notes[20].argmax()] == "F"
    assert np.sort(notes[20])[-2] < 0.55


@pytest.mark.parametrize("fps", RATES)
def test_a_chord_is_its_notes_at_any_rate(fps: float) -> None:
    chord = sum(sine(hz(note, octave), fps, height=0.1) for note, octave in (("C", 4), ("E", 4), ("G", 3)))
    _, notes = encoded(chord, fps)
    assert len(notes) == frame_count(2.0, fps)
    middle = notes[len(notes) // 2]
    assert {NOTES[place] for place in np.argsort(middle)[-3:]} == {"C", "E", "G"}
    assert np.sort(middle)[-3] > 0.9 > 0.1 > np.sort(middle)[-4]
    assert middle.max() == 1.0


def test_loudness_does_not_matter_until_all_fades_in_silence() -> None:
    loud, soft, softest, none = (encoded(sine(440.0, 20, height=height), 20)[1] for height in (0.9, 0.01, 1e-5, 0.0))
    np.testing.assert_allclose(loud[15:25], soft[15:25], atol=1e-3)
    assert 0 < softest[20].max() < 0.1
    assert (none == 0).all()


@pytest.mark.parametrize("fps", [20, 60])
def test_the_change_of_notes_is_heard_when_it_happens(fps: float) -> None:
    first, second = sine(hz("C", 5), fps), sine(hz("A", 5), fps)
    half = len(first) // 2
    _, notes = encoded(np.concatenate([first[:half], second[half:]]), fps)
    c, a = notes[:, NOTES.index("C")], notes[:, NOTES.index("A")]
    frame = round(1.0 * fps)
    assert c[frame - 3] > a[frame - 3]
    assert a[frame + 3] > c[frame + 3]
    assert abs(c[frame] - a[frame]) < 0.35


@pytest.mark.parametrize("fps", [20, 29.97, 60])
def test_a_click_is_heard_in_the_percussive_bands_of_its_frame(fps: float) -> None:
    chord = sine(440.0, fps, height=0.1) + sine(660.0, fps, height=0.1)
    clicks = np.zeros(len(chord))
    hop = working_rate(fps)[1]
    frames = np.arange(8, round(2 * fps) - 4, 9)
    clicks[frames * hop + 3] = 0.9
    bands, _ = encoded(chord + clicks, fps)
    silent, _ = encoded(chord, fps)
    for frame in frames:
        around = bands[frame - 3 : frame + 4].mean(axis=1)
        assert around.argmax() == 3
        assert (bands[frame] > silent[frame] + 20).all()


def test_another_tuning_moves_the_notes() -> None:
    samples = sine(hz("A", 4, tuning_hz=415.3), 20).astype(np.float32)
    notes = ChromaFeatures(20, tuning_hz=415.3).encode(Audio(samples, 48000.0)).values[:, 12:]
    assert NOTES[notes[20].argmax()] == "A"


def test_pitch_classes_follow_librosas_on_music(shared_data: Path) -> None:
    from librosa.feature import chroma_cqt

    hop = 512
    audio = read_audio(shared_data / "music" / "feelings_20s_45s.wav", 22050.0)
    harmonic, _ = separate(audio.samples[: 8 * 22050])
    theirs = chroma_cqt(y=harmonic, sr=22050, hop_length=hop, tuning=0.0).T
    ours = pitch_classes(harmonic, sample_rate=22050.0, fps=22050 / hop, frames=len(theirs))
    ours /= ours.max(axis=1, keepdims=True)
    inside = slice(20, -20)
    assert np.corrcoef(ours[inside].ravel(), theirs[inside].ravel())[0, 1] > 0.95
    assert np.mean(ours[inside].argmax(axis=1) == theirs[inside].argmax(axis=1)) > 0.9


@pytest.mark.parametrize("samples", [1, 100, 4800, 30000])
@pytest.mark.parametrize("frames", [None, 1, 40])
def test_frames_are_as_asked_and_finite(samples: int, frames: int | None) -> None:
    bands, notes = encoded(np.random.default_rng(0).uniform(-1, 1, samples), 20, frames)
    assert len(bands) == len(notes) == (frame_count(samples / 48000, 20) if frames is None else frames)
    assert np.isfinite(bands).all()
    assert notes.min() >= 0
    assert notes.max() <= 1
