"""When sounds begin: onset strength on a fine grid that is cut where the frames are cut, and its maximum per frame."""

import math
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from feature_extraction.audio import Audio, fine_factor, frame_count, hop_of
from feature_extraction.spectrum import decibels, flux, mel_spectrogram, power_spectrogram

WINDOW = 2048
"""Samples; 43 ms at the working rate."""
FALL_S = 0.0006
"""The window's fall at its recent end. A sharper one would smear loud tones over all bands."""
BEYOND = 1 / 3
"""How much of the fall lies beyond the fine frame's end: so much that a click in silence counts from the very border,
and one in music from at most a third of a millisecond before it."""
BANDS, F_MAX = 24, 7600.0
"""Mel bands, and their upper end in Hz: some bins wide even at the bottom, so that noise has steady levels."""
FLOOR_DB = -90.0
"""Levels below this (0 is a full-scale sine within one hertz of band) count as silence."""
MEMORY = 3
"""Fine frames of the past that a rise must exceed."""
FRAMES_AT_ONCE = 8192
"""Fine frames of whole spectra that are held together; a song's mean spectrum is that of the first so many."""

_computed: WeakKeyDictionary[Audio, dict[float, np.ndarray]] = WeakKeyDictionary()


def onset_strength(audio: Audio, fps: float) -> np.ndarray:
    """Give how much the sound rises, in dB averaged over bands, in each fine frame: (fine frames,) float32.

    There are f = fine_factor(fps) fine frames to a frame, one frame more than `audio` has. Fine frame n is the span
    of time [n / f - 1/2, (n + 1) / f - 1/2) / fps: the f fine frames of frame i tile the time that is nearer to i
    than to its neighbours. The window on the sound falls to zero where the fine frame ends, and rises towards there
    throughout, so that a click is seen first, and most, in the fine frame that it lies in. A song may be cut anywhere:
    before its start it is taken to have been at its mean level, and a fine frame that its end falls into, or that is
    later, is 0 (the cut would sound like an onset).

    The result is kept as long as `audio` is, since several features are made of it; it is read-only.
    """
    known = _computed.setdefault(audio, {})
    if fps not in known:
        rate, grid = audio.sample_rate, _grid(audio, fps)
        power = mel_spectrogram(audio.samples, sample_rate=rate, n_mels=BANDS, f_max=min(F_MAX, rate / 2), **grid)
        level = decibels(1.0 + power / (_full_scale(audio) * 10.0 ** (FLOOR_DB / 10.0)))
        before = np.broadcast_to(level.mean(axis=0), (MEMORY, BANDS))
        strength = _cut(flux(np.concatenate([before, level]), memory=MEMORY, neighbours=1), audio, fps)
        strength.flags.writeable = False
        known[fps] = strength
    return known[fps]


def spectral_flux(audio: Audio, fps: float) -> np.ndarray:
    """Give how much magnitudes to F_MAX rise, summed over the spectrum, in each fine frame: (fine frames,) float32.

    A full-scale sine has a magnitude of 1 in its bin. Fine frames, starts and ends are those of `onset_strength`, but
    this grows with the sound's loudness. Dixon, "Onset detection revisited" (DAFx 2006), section 2.1.
    """
    grid, bins = _grid(audio, fps), int(min(F_MAX / audio.sample_rate, 0.5) * WINDOW) + 1
    frames, start, hop = grid["frames"], grid["start"], grid["hop"]
    rise = np.empty(frames, np.float32)
    for first in range(0, frames, FRAMES_AT_ONCE):
        there = slice(first, min(first + FRAMES_AT_ONCE, frames))
        heard = {"frames": MEMORY + there.stop - first, "start": start + (first - MEMORY) * hop}
        power = power_spectrogram(audio.samples, bins=bins, **(grid | heard))
        magnitude = np.sqrt(power / np.float32(_full_scale(audio)))
        filling = magnitude[: max(0, math.ceil(-heard["start"] / hop))]  # windows that begin before the sound does
        np.maximum(filling, magnitude[MEMORY:].mean(axis=0), out=filling)
        rise[there] = flux(magnitude, memory=MEMORY, neighbours=1) * bins
    return _cut(rise, audio, fps)


def pool(fine: np.ndarray, fps: float, frames: int) -> np.ndarray:
    """Give the greatest of the fine frames of each frame, (frames,); frames beyond the last are 0."""
    factor = fine_factor(fps)
    pooled = np.zeros(frames, fine.dtype)
    available = fine[: frames * factor].reshape(-1, factor).max(axis=1)
    pooled[: len(available)] = available
    return pooled


def _grid(audio: Audio, fps: float) -> dict[str, Any]:
    """Where the fine frames' windows lie."""
    factor, hop = fine_factor(fps), hop_of(audio, fps)
    fine_hop = hop // factor
    return {
        "hop": fine_hop,
        "n_fft": WINDOW,
        "frames": (frame_count(audio.duration_s, fps) + 1) * factor,
        "start": fine_hop - hop // 2 + round(BEYOND * FALL_S * audio.sample_rate) - WINDOW,
        "window": _window(audio.sample_rate),
    }


def _cut(rise: np.ndarray, audio: Audio, fps: float) -> np.ndarray:
    """The fine frames' rise, 0 in the one that the sound's end falls into and in those after it."""
    rise[int((audio.duration_s * fps + 0.5) * fine_factor(fps)) :] = 0.0
    return rise


def _full_scale(audio: Audio) -> float:
    """The power of a full-scale sine in its bin."""
    return float(_window(audio.sample_rate).sum() / 2) ** 2


def _window(sample_rate: float) -> np.ndarray:
    """Half a Hann window, rising, and a short fall."""
    fall = round(FALL_S * sample_rate)
    rising = (np.arange(WINDOW - fall) + 0.5) / (WINDOW - fall)
    falling = (np.arange(fall) + 0.5) / fall
    return np.concatenate([0.5 - 0.5 * np.cos(np.pi * rising), 0.5 + 0.5 * np.cos(np.pi * falling)])
