"""Sound to spectra on a frame grid: power, mel bands, decibels and their rise; plain functions on arrays."""

import math
from functools import lru_cache

import numpy as np
import scipy.fft
from scipy.ndimage import maximum_filter1d
from scipy.signal import get_window

FRAMES_AT_ONCE = 128
"""Frames transformed together: few enough to stay in the processor's cache, however long the sound."""


def power_spectrogram(
    samples: np.ndarray,
    *,
    hop: int,
    n_fft: int,
    frames: int,
    start: int | None = None,
    window: np.ndarray | None = None,
    bins: int | None = None,
    bank: np.ndarray | None = None,
) -> np.ndarray:
    """Give |STFT|^2 as (frames, bins) of (n,) `samples`, in their floating-point type; all n_fft // 2 + 1 by default.

    Frame i is the transform of the `n_fft` samples from `start + i hop`, times the (n_fft,) `window`; what lies outside
    the samples counts as silence. By default the window is a periodic Hann, centred on sample i hop. A (bins, bands)
    `bank` sums bins into (frames, bands).
    """
    start = -(n_fft // 2) if start is None else start
    window = (_hann(n_fft) if window is None else window).astype(samples.dtype)
    bins = (n_fft // 2 + 1 if bins is None else bins) if bank is None else len(bank)
    result = np.empty((frames, bins if bank is None else bank.shape[1]), samples.dtype)
    for first in range(0, frames, FRAMES_AT_ONCE):
        block = result[first : first + FRAMES_AT_ONCE]
        sound = stretch(samples, start + first * hop, (len(block) - 1) * hop + n_fft)
        spans = np.lib.stride_tricks.sliding_window_view(sound, n_fft)[::hop]
        spectrum = scipy.fft.rfft(spans * window, overwrite_x=True)[:, :bins]
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        block[:] = power if bank is None else power @ bank
    return result


def mel_spectrogram(
    samples: np.ndarray,
    *,
    sample_rate: float,
    hop: int,
    n_fft: int,
    n_mels: int,
    frames: int,
    f_min: float = 0.0,
    f_max: float | None = None,
    start: int | None = None,
    window: np.ndarray | None = None,
) -> np.ndarray:
    """Give the power in mel bands, (frames, n_mels) float32; the bands as in `mel_filterbank`, the rest as above."""
    bank = mel_filterbank(sample_rate, n_fft, n_mels, f_min, f_max)
    heard = int(np.flatnonzero(bank.any(axis=1))[-1]) + 1
    return power_spectrogram(
        samples, hop=hop, n_fft=n_fft, frames=frames, start=start, window=window, bank=bank[:heard]
    )


@lru_cache(maxsize=16)
def mel_filterbank(
    sample_rate: float, n_fft: int, n_mels: int, f_min: float = 0.0, f_max: float | None = None
) -> np.ndarray:
    """Give the (n_fft // 2 + 1, n_mels) weights of triangular bands, evenly spaced in mel from `f_min` to `f_max` Hz.

    The scale and the equal-area norm are those of Slaney's Auditory Toolbox (1998): linear to 1 kHz, logarithmic
    above; each triangle's area over frequency is 1. `f_max` None is half the sample rate. ValueError when a band is
    so narrow that no bin falls into it.
    """
    f_max = sample_rate / 2 if f_max is None else f_max
    corners = mel_to_hz(np.linspace(hz_to_mel(f_min), hz_to_mel(f_max), n_mels + 2))
    low, centre, high = corners[:-2], corners[1:-1], corners[2:]
    frequency = np.arange(n_fft // 2 + 1)[:, None] * (sample_rate / n_fft)
    triangles = np.minimum((frequency - low) / (centre - low), (high - frequency) / (high - centre))
    bank = np.maximum(triangles, 0.0) * (2.0 / (high - low))
    if not bank.any(axis=0).all():
        raise ValueError(
            f"{n_mels} mel bands from {f_min:g} to {f_max:g} Hz are narrower than the {sample_rate / n_fft:.3g} Hz "
            f"between the bins of {n_fft} samples at {sample_rate:g} Hz; ask for fewer n_mels"
        )
    bank = bank.astype(np.float32)
    bank.flags.writeable = False
    return bank


LINEAR_HZ_PER_MEL, KNEE_HZ, LOG_STEP = 200.0 / 3.0, 1000.0, np.log(6.4) / 27.0
"""Slaney's mel scale: 15 mels to the knee, then a factor of 6.4 in every 27."""


def hz_to_mel(hz: np.ndarray | float) -> np.ndarray:
    """Give frequencies on Slaney's mel scale."""
    above = np.log(np.maximum(hz, KNEE_HZ) / KNEE_HZ) / LOG_STEP
    return np.minimum(hz, KNEE_HZ) / LINEAR_HZ_PER_MEL + above


def mel_to_hz(mel: np.ndarray | float) -> np.ndarray:
    """Give Slaney mels in Hz: the inverse of `hz_to_mel`."""
    knee = KNEE_HZ / LINEAR_HZ_PER_MEL
    return np.minimum(mel, knee) * LINEAR_HZ_PER_MEL * np.exp(LOG_STEP * np.maximum(mel - knee, 0.0))


def decibels(
    power: np.ndarray, *, reference: float = 1.0, floor: float = 1e-10, range_db: float | None = None
) -> np.ndarray:
    """Give 10 log10(power / reference) in the type of `power`, that and `reference` not below `floor`.

    With `range_db` nothing lies further than that below the array's own maximum (which makes levels depend on what
    else is in the array: for comparison with published values only).
    """
    level = 10.0 * np.log10(np.maximum(power, floor)) - 10.0 * math.log10(max(reference, floor))
    if range_db is not None and level.size:
        np.maximum(level, level.max() - range_db, out=level)
    return level


def flux(levels: np.ndarray, *, memory: int = 1, neighbours: int = 0) -> np.ndarray:
    """Give the mean rise over bands of (memory + frames, bands) `levels`: (frames,), for all but the first `memory`.

    A band rises by what its level exceeds the greatest of the `memory` frames before, in it and in as many
    `neighbours` on either side; falls count as 0. With neighbours a gliding tone is no onset: Böck and Widmer,
    "Maximum filter vibrato suppression for onset detection" (DAFx 2013), equations 3 to 5.
    """
    greatest = maximum_filter1d(levels, 2 * neighbours + 1, axis=1) if neighbours else levels
    frames = len(levels) - memory
    past = greatest[:frames]
    for earlier in range(1, memory):
        past = np.maximum(past, greatest[earlier : earlier + frames])
    return np.maximum(levels[memory:] - past, 0.0).mean(axis=1)


def stretch(samples: np.ndarray, start: int, length: int) -> np.ndarray:
    """Give `length` of (n,) `samples` from `start`, zeros where there are none; a view where there are all."""
    if start >= 0 and start + length <= len(samples):
        return samples[start : start + length]
    padded = np.zeros(length, samples.dtype)
    first, stop = max(start, 0), min(start + length, len(samples))
    if stop > first:
        padded[first - start : stop - start] = samples[first:stop]
    return padded


@lru_cache(maxsize=8)
def _hann(n_fft: int) -> np.ndarray:
    return get_window("hann", n_fft)
