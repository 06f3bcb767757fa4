"""Tempo, beats and the local pulse of an onset strength, a (frames,) array at `rate` frames a second.

A tempo is ambiguous by its halves and doubles, and a beat by half its period where off-beats sound louder: what is
found is the strongest regular pulse near the tempo people tap, which may be the notated beat's half or double.
"""

import math

import numpy as np
import scipy.fft
from scipy.signal import get_window

TEMPO_WINDOW_S = 8.0
"""Sound that a tempo is found in, as in librosa."""
TEMPO_STEP_S = 0.5
SHORTEST_S = 1.0
"""Shorter sound has no beat."""
TIGHTNESS_S = 100.0 / (22050 / 512)
"""librosa's weight of a steady tempo against onsets, per frame a second: its scores add up over frames, and its
default is meant for 43 of them."""
PULSE_WINDOW_S = 6.0
PULSE_STEP_S = 0.1
PULSE_HARMONICS = 4
PULSE_DRIFT = 1.1
"""The local tempo may be faster or slower than the song's by this factor."""


def beats(onsets: np.ndarray, rate: float) -> tuple[float, np.ndarray]:
    """Give the tempo in beats a minute and the frames of the beats; 0 and none for silence or less than SHORTEST_S.

    librosa's dynamic programme: Ellis, "Beat tracking by dynamic programming" (J. New Music Research 36, 2007).
    """
    if len(onsets) < SHORTEST_S * rate or not onsets.any():
        return 0.0, np.zeros(0, int)
    from librosa.beat import beat_track  # late: it compiles for seconds

    bpm = tempo(onsets, rate)
    _, found = beat_track(onset_envelope=onsets, sr=rate, hop_length=1, bpm=bpm, tightness=TIGHTNESS_S * rate)
    return bpm, found


def tempo(onsets: np.ndarray, rate: float) -> float:
    """Give the tempo in beats a minute: the peak of the mean local autocorrelation, weighed towards 120.

    librosa's estimate, from a window every TEMPO_STEP_S instead of every frame.
    """
    from librosa.feature import tempo as tempo_of

    length, step = round(TEMPO_WINDOW_S * rate), round(TEMPO_STEP_S * rate)
    local = _local_windows(onsets, length, step) * get_window("hann", length)
    spectrum = scipy.fft.rfft(local, scipy.fft.next_fast_len(2 * length, real=True))
    correlation = scipy.fft.irfft(spectrum.real**2 + spectrum.imag**2)[:, :length]
    correlation = correlation / np.maximum(correlation[:, :1], np.finfo(np.float32).tiny)
    return float(tempo_of(tg=correlation.mean(axis=0)[:, None], sr=rate, hop_length=1)[0])


def pulse(onsets: np.ndarray, rate: float, bpm: float) -> np.ndarray:
    """Give the locally periodic part of the onsets at about `bpm`, (frames,) in [0, 1]: 1 where all of it crests.

    In each stretch of PULSE_WINDOW_S it is the sum of PULSE_HARMONICS sinusoids of the tempo that fits best, at the
    heights they have in the onsets (one sinusoid alone crests beside the beat where off-beats sound as loud). After
    Grosche and Müller, "Extracting predominant local pulse information from music recordings" (IEEE TASLP 19, 2011),
    which takes the one strongest sinusoid, of any tempo.
    """
    length, step = 2 * round(PULSE_WINDOW_S * rate / 2), max(1, round(PULSE_STEP_S * rate))
    window = get_window("hann", length)
    n_fft = scipy.fft.next_fast_len(4 * length, real=True)
    spectrum = scipy.fft.rfft(_local_windows(onsets, length, step) * window, n_fft)
    fundamental = bpm / 60.0 / rate * n_fft
    candidates = np.arange(int(fundamental / PULSE_DRIFT), math.ceil(fundamental * PULSE_DRIFT) + 1)
    candidates = candidates[(candidates > 0) & (candidates * PULSE_HARMONICS < spectrum.shape[1])]
    harmonics = np.arange(1, PULSE_HARMONICS + 1)
    best = candidates[np.abs(spectrum[:, candidates[:, None] * harmonics]).sum(axis=2).argmax(axis=1)]
    waves = _waves(spectrum, best[:, None] * harmonics, np.arange(length) / n_fft)
    return np.clip(_overlap(waves * window, window, step)[length // 2 :][: len(onsets)], 0.0, 1.0)


def _waves(spectrum: np.ndarray, bins: np.ndarray, time: np.ndarray) -> np.ndarray:
    """The (windows, time) sums of sinusoids at each window's `bins`, their heights summing to 1; 0 where all are 0."""
    peaks = np.take_along_axis(spectrum, bins, axis=1)
    peaks /= np.maximum(np.abs(peaks).sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    turn = np.exp(2j * np.pi * bins[:, :1] * time)
    return sum((peaks[:, k : k + 1] * turn ** (k + 1)).real for k in range(bins.shape[1]))


def _overlap(waves: np.ndarray, window: np.ndarray, step: int) -> np.ndarray:
    """The (windows, length) `waves` laid `step` apart and averaged by the weights of `window`."""
    total, weight = np.zeros((2, (len(waves) - 1) * step + len(window)))
    for index, wave in enumerate(waves):
        total[index * step : index * step + len(window)] += wave
        weight[index * step : index * step + len(window)] += window
    return total / np.maximum(weight, 1e-6)


def _local_windows(onsets: np.ndarray, length: int, step: int) -> np.ndarray:
    """The (windows, length) stretches centred on every step-th frame, up to the last; zeros beyond the ends."""
    padded = np.pad(onsets, (length // 2, length // 2 + step))
    return np.lib.stride_tricks.sliding_window_view(padded, length)[::step]
