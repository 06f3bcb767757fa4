"""Harmonic and percussive sound: what lasts and what strikes, taken apart."""

import numpy as np
import scipy.fft
from scipy.ndimage import median_filter
from scipy.signal import get_window

from feature_extraction.spectrum import stretch

FRAMES_AT_ONCE = 2048
"""Frames taken apart together, so that the memory needed does not grow with the sound."""
TINY = np.float32(1e-30)
"""Added to both medians' squares: where both are 0, the parts are halves."""


def separate(
    samples: np.ndarray, *, n_fft: int = 2048, overlap: int = 4, reach: int = 31
) -> tuple[np.ndarray, np.ndarray]:
    """Give the harmonic and the percussive part of (n,) float32 `samples`; their sum is the sound.

    Each number of the spectrogram, `overlap` frames to a window of `n_fft`, is shared out as the squares of two medians
    are to each other: that of `reach` frames around it in time stands for the harmonic part, that of `reach` bins
    around it in frequency for the percussive. FitzGerald, "Harmonic/percussive separation using median filtering"
    (DAFx 2010), equations 3 to 7.
    """
    hop, window = n_fft // overlap, get_window("hann", n_fft).astype(np.float32)
    frames, margin = 1 + len(samples) // hop, reach // 2
    harmonic = np.zeros((frames + overlap, hop), np.float32)
    for first in range(0, frames, FRAMES_AT_ONCE):
        stop = min(first + FRAMES_AT_ONCE, frames)
        start, end = max(first - margin, 0), min(stop + margin, frames)
        sound = stretch(samples, start * hop - n_fft // 2, (end - start - 1) * hop + n_fft)
        spans = np.lib.stride_tricks.sliding_window_view(sound, n_fft)[::hop]
        spectrum = scipy.fft.rfft(spans * window, overwrite_x=True)
        spectrum *= _harmonic_share(np.abs(spectrum), reach)
        kept = scipy.fft.irfft(spectrum[first - start : stop - start], overwrite_x=True) * window
        for part in range(overlap):
            harmonic[first + part : stop + part] += kept[:, part * hop : (part + 1) * hop]
    weight = _overlapped(np.square(window), frames, hop)
    harmonic /= np.maximum(weight, np.finfo(np.float32).tiny)
    sound = harmonic.ravel()[n_fft // 2 :][: len(samples)]
    return sound, samples - sound


def _harmonic_share(magnitude: np.ndarray, reach: int) -> np.ndarray:
    """The part of each number of a (frames, bins) magnitude that is harmonic, in [0, 1]."""
    lasting = np.square(_row_medians(magnitude.T, reach).T)
    striking = np.square(_row_medians(magnitude, reach))
    return (lasting + TINY) / (lasting + striking + 2 * TINY)


def _row_medians(values: np.ndarray, reach: int) -> np.ndarray:
    """Medians of `reach` numbers along the rows, mirrored at their ends; in one row, which SciPy is far faster at."""
    margin = reach // 2
    padded = np.pad(values, ((0, 0), (margin, margin)), mode="symmetric")
    return median_filter(padded.ravel(), reach).reshape(padded.shape)[:, margin:-margin]


def _overlapped(window: np.ndarray, frames: int, hop: int) -> np.ndarray:
    """The sum of `frames` windows laid `hop` apart, (frames + overlap, hop)."""
    overlap = len(window) // hop
    total = np.zeros((frames + overlap, hop), np.float32)
    for part in range(overlap):
        total[part : part + frames] += window[part * hop : (part + 1) * hop]
    return total
