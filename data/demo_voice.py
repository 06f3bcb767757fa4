"""The sound of the demo speech: a buzzing source through the resonances of vowels drawn at random, and consonants."""

import numpy as np
from scipy.signal import butter, lfilter, sosfilt

from data.demo_speech import DURATION_S, Recording, Syllable

SAMPLE_RATE = 22050
VOWELS_HZ = ((730, 1090, 2440), (530, 1840, 2480), (270, 2290, 3010), (570, 840, 2410), (300, 870, 2240))
"""First three formants of a, e, i, o, u of men (Peterson and Barney 1952)."""
BANDWIDTHS_HZ = (80, 110, 160)
STRESS_GAIN = 2.2
STRESS_PITCH = 1.35
CONSONANT_S = 0.05
CONSONANTS_HZ = ((3500, 9000), (1500, 4000), (400, 1500))
"""Bands of noise, for hisses and stops."""
ROOM_NOISE = 2e-4


def synthesise(recording: Recording) -> np.ndarray:
    """The recording's sound, (samples,) within +-1 at SAMPLE_RATE. The words do not enter it, only the syllables do."""
    rng = np.random.default_rng([recording.seed, 2**31])
    samples = int(DURATION_S * SAMPLE_RATE)
    vowels = rng.integers(len(VOWELS_HZ), size=len(recording.syllables))
    source = _source(recording, rng, samples)
    sound = ROOM_NOISE * rng.standard_normal(samples)
    for vowel, formants in enumerate(VOWELS_HZ):
        spoken = [syllable for syllable, drawn in zip(recording.syllables, vowels, strict=True) if drawn == vowel]
        sound += _gates(spoken, samples) * _resonate(source, formants)
    noise = rng.standard_normal(samples)
    bands = rng.integers(len(CONSONANTS_HZ) + 1, size=len(recording.syllables))
    for band, edges in enumerate(CONSONANTS_HZ):
        hiss = sosfilt(butter(2, edges, "bandpass", fs=SAMPLE_RATE, output="sos"), noise)
        starts = [s.start_s for s, drawn in zip(recording.syllables, bands, strict=True) if drawn == band]
        onsets = [Syllable(start - CONSONANT_S / 2, start + CONSONANT_S / 2, False) for start in starts]
        sound += 0.06 * _gates(onsets, samples) * hiss
    return np.tanh(sound)


def _source(recording: Recording, rng: np.random.Generator, samples: int) -> np.ndarray:
    """Glottal pulses: a sawtooth whose pitch wanders, and is higher in stressed syllables."""
    times = np.arange(0, DURATION_S + 0.5, 0.5)
    wander = np.interp(np.arange(samples) / SAMPLE_RATE, times, rng.normal(0, 0.06, len(times)))
    stressed = _gates([s for s in recording.syllables if s.stressed], samples) / STRESS_GAIN
    pitch = recording.pitch_hz * (1 + wander + (STRESS_PITCH - 1) * stressed)
    return np.mod(np.cumsum(pitch) / SAMPLE_RATE, 1.0) - 0.5


def _resonate(source: np.ndarray, formants: tuple[int, ...]) -> np.ndarray:
    """Two-pole resonances one after the other (Klatt 1980), each of gain 1 at zero frequency."""
    for frequency, bandwidth in zip(formants, BANDWIDTHS_HZ, strict=True):
        radius = np.exp(-np.pi * bandwidth / SAMPLE_RATE)
        poles = [1.0, -2 * radius * np.cos(2 * np.pi * frequency / SAMPLE_RATE), radius**2]
        source = lfilter([sum(poles)], poles, source)
    return 0.25 * source


def _gates(syllables: list[Syllable], samples: int) -> np.ndarray:
    """Loudness over time: a smooth swell for each syllable, STRESS_GAIN high where it is stressed."""
    loudness = np.zeros(samples)
    for start_s, end_s, stressed in syllables:
        start, stop = max(0, round(start_s * SAMPLE_RATE)), round(end_s * SAMPLE_RATE)
        swell = np.sqrt(np.sin(np.pi * np.linspace(0, 1, stop - start)).clip(0))
        loudness[start:stop] += (STRESS_GAIN if stressed else 1.0) * swell
    return loudness
