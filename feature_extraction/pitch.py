"""Pitch classes: how much of each of the twelve notes is heard, whatever their octave."""

import math
from functools import lru_cache

import numpy as np
import soxr

from feature_extraction.spectrum import stretch

NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
LOWEST_OCTAVE, OCTAVES = 1, 7
"""From C1, 32.7 Hz, to B7."""
PARTS = 3
"""Filters to a semitone, so that each note is heard alike however it is tuned."""
Q = 1.0 / (2.0 ** (1.0 / (12 * PARTS)) - 1.0)
"""Periods in a filter's window, so that it just hears its neighbours."""
OVERSAMPLING = 2.5
"""An octave is heard at this many samples a second for each hertz of its upper end."""
FRAMES_AT_ONCE = 512


def pitch_classes(
    samples: np.ndarray, *, sample_rate: float, fps: float, frames: int, offset: float = 0.0, tuning_hz: float = 440.0
) -> np.ndarray:
    """Give the magnitudes of the twelve notes from C to B, (frames, 12) float32, summed over octaves.

    They are those of a constant-Q transform (Brown, JASA 89, 1991) centred on the times (i + offset) / fps; a
    full-scale sine in tune gives its note about 2. `tuning_hz` is the A above middle C. Fujishima, "Realtime chord
    recognition of musical sound" (ICMC 1999) calls them the pitch class profile.
    """
    total = np.zeros((frames, len(NOTES)), np.float32)
    steps = (np.arange(len(NOTES) * PARTS) - PARTS // 2) / (len(NOTES) * PARTS)
    rate = sample_rate
    for octave in reversed(range(LOWEST_OCTAVE, LOWEST_OCTAVE + OCTAVES)):
        c = tuning_hz * 2.0 ** (octave - 4 - NOTES.index("A") / len(NOTES))
        hop = 2 * math.ceil(OVERSAMPLING * 2.0 * c / (2.0 * fps))
        samples, rate = soxr.resample(samples, rate, hop * fps), hop * fps  # from the octave above
        frequencies = tuple((c * 2.0**steps / rate).tolist())
        magnitude = constant_q(samples, frequencies, hop=hop, start=round(offset * hop), frames=frames)
        total += magnitude.reshape(frames, len(NOTES), PARTS).sum(axis=2)
    return total


def constant_q(samples: np.ndarray, frequencies: tuple[float, ...], *, hop: int, start: int, frames: int) -> np.ndarray:
    """Give the magnitudes of (n,) `samples` at `frequencies` (periods a sample), (frames, frequencies) float32.

    Frame i is centred on sample start + i hop and hears Q periods of each frequency through a Hann window; what lies
    outside the samples counts as silence. A sine of amplitude 1 has a magnitude of 1 at its frequency.
    """
    filters = _filters(frequencies)
    result = np.empty((frames, len(frequencies)), np.float32)
    for first in range(0, frames, FRAMES_AT_ONCE):
        block = result[first : first + FRAMES_AT_ONCE]
        length = (len(block) - 1) * hop + len(filters)
        sound = stretch(samples, start + first * hop - len(filters) // 2, length)
        spans = np.lib.stride_tricks.sliding_window_view(sound, len(filters))[::hop]
        parts = np.square(np.ascontiguousarray(spans) @ filters)
        block[:] = np.sqrt(parts[:, : len(frequencies)] + parts[:, len(frequencies) :])
    return result


@lru_cache(maxsize=64)
def _filters(frequencies: tuple[float, ...]) -> np.ndarray:
    """The real parts of the filters, then the imaginary ones: (odd length, 2 frequencies) float32."""
    half = int(Q / min(frequencies) / 2)
    periods = np.arange(-half, half + 1)[:, None] * np.array(frequencies)
    window = np.where(np.abs(periods) < Q / 2, 0.5 + 0.5 * np.cos(2.0 * np.pi * periods / Q), 0.0)
    window *= 2.0 / window.sum(axis=0)
    waves = [window * np.cos(2.0 * np.pi * periods), window * np.sin(2.0 * np.pi * periods)]
    return np.concatenate(waves, axis=1).astype(np.float32)
