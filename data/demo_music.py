"""The sound of the demo songs: a hit on every beat, an accent every second bar, the style's instrument, risers."""

from collections.abc import Callable

import numpy as np
from scipy.signal import butter, sosfilt

from data.demo_moves import BEATS_PER_BAR
from data.demo_songs import DURATION_S, Song

SAMPLE_RATE = 22050
SCALE_HZ = 110.0 * 2 ** (np.array([0, 3, 5, 7, 10, 12, 15, 17, 19, 22]) / 12)
"""Two octaves of a minor pentatonic scale on A2."""
GAIN = {False: 0.4, True: 1.0}
"""Loudness of quiet and loud sections."""
NOTE_PROBABILITY = 0.7
"""How often an eighth has a note: drawn anew each time, so that the notes tell neither bar nor move."""

ROOM_NOISE = 1.5e-4
"""What a microphone hears between the notes: no recording is digitally silent."""


def synthesise(song: Song) -> np.ndarray:
    """The song's sound, (samples,) within +-1 at SAMPLE_RATE."""
    rng = np.random.default_rng([song.seed, 2**31])
    sound = ROOM_NOISE * rng.standard_normal(int(DURATION_S * SAMPLE_RATE))
    period = 60 / song.bpm
    hit, accent = _hit(rng), _accent(rng)
    for number, beat in enumerate(song.beats):
        gain = _gain(song, number)
        _add(sound, beat, 0.55 * gain * hit)
        if number % (2 * BEATS_PER_BAR) == 0:
            _add(sound, beat, 0.3 * gain * accent)
    for number, beat in enumerate(song.beats[:-1]):
        for eighth in (0.0, 0.5):
            if rng.random() < NOTE_PROBABILITY:
                note = INSTRUMENTS[song.style](rng.choice(SCALE_HZ), period)
                _add(sound, beat + eighth * period, 0.22 * _gain(song, number) * note)
    for bar in song.drops:
        _add(sound, song.bars[bar - 1], 0.25 * _riser(rng, BEATS_PER_BAR * period))
    return np.tanh(sound)


def pluck(frequency: float, period: float) -> np.ndarray:
    """A plucked string: many harmonics, the high ones dying first."""
    t = _times(0.5)
    order = np.arange(1, 11)[:, None]
    return np.sum(np.sin(2 * np.pi * order * frequency * t) / order * np.exp(-t * (3 + 1.8 * order)), axis=0)


def organ(frequency: float, period: float) -> np.ndarray:
    """A held chord of drawbars with soft edges, as long as a beat."""
    t = _times(period)
    chord = sum(np.sin(2 * np.pi * ratio * frequency * t) / 2.5 for ratio in (1, 1.5, 2, 4))
    return chord * np.minimum(1, np.minimum(t, t[-1] - t) / 0.03)


def bell(frequency: float, period: float) -> np.ndarray:
    """A bell by frequency modulation (Chowning 1973): an inharmonic ring three octaves up."""
    t = _times(0.8)
    modulator = 4.0 * np.exp(-6 * t) * np.sin(2 * np.pi * 3.5 * 4 * frequency * t)
    return np.exp(-5 * t) * np.sin(2 * np.pi * 4 * frequency * t + modulator)


INSTRUMENTS: dict[str, Callable[[float, float], np.ndarray]] = {"pluck": pluck, "organ": organ, "bell": bell}


def _hit(rng: np.random.Generator) -> np.ndarray:
    """The sound of every beat: a drum whose pitch falls, with a click."""
    t = _times(0.18)
    drum = np.sin(2 * np.pi * (50 * t - 70 / 30 * np.exp(-30 * t))) * np.exp(-16 * t)
    return drum + 0.5 * rng.uniform(-1, 1, len(t)) * np.exp(-250 * t)


def _accent(rng: np.random.Generator) -> np.ndarray:
    """The sound of every second downbeat: a cymbal."""
    t = _times(0.6)
    noise = sosfilt(butter(2, 4000, "highpass", fs=SAMPLE_RATE, output="sos"), rng.uniform(-1, 1, len(t)))
    return noise * np.exp(-7 * t)


def _riser(rng: np.random.Generator, duration_s: float) -> np.ndarray:
    """Noise and a gliding tone that swell until the drop."""
    t = _times(duration_s)
    x = t / duration_s
    noise = sosfilt(butter(2, [800, 6000], "bandpass", fs=SAMPLE_RATE, output="sos"), rng.uniform(-1, 1, len(t)))
    glide = np.sin(2 * np.pi * np.cumsum(300 * 2 ** (3 * x)) / SAMPLE_RATE)
    return (noise + 0.4 * glide) * x**2


def _gain(song: Song, beat: int) -> float:
    return GAIN[song.loud[min(beat // BEATS_PER_BAR, len(song.loud) - 1)]]


def _times(duration_s: float) -> np.ndarray:
    return np.arange(int(duration_s * SAMPLE_RATE)) / SAMPLE_RATE


def _add(sound: np.ndarray, at_s: float, part: np.ndarray) -> None:
    start = round(at_s * SAMPLE_RATE)
    part = part[: len(sound) - start]
    sound[start : start + len(part)] += part
