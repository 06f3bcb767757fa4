"""Tempo, beats and the local pulse of an onset strength, a (frames,) array at `rate` frames a second.

A tempo is ambiguous by its halves and doubles, and a beat by half its period where off-beats sound louder: what is
found is the strongest regular pulse near the tempo people tap, which may be the notated beat's half or double.
"""

import math

import numpy as np
import scipy.fft
from scipy.signal import get_window

TEMPO_WINDOW_S, TEMPO_STEP_S = 8.0, 0.5
USUAL_BPM, FASTEST_BPM = 120.0, 320.0
SHORTEST_S = 1.0
"""Shorter sound has no beat."""
TIGHTNESS = 100.0 / (22050 / 512)
"""Weight of a steady tempo against onsets, per frame a second: librosa's 100 at its usual frame rate."""
SHARPNESS = 1 / 32
"""How far beside a beat an onset may lie, a deviation in periods."""
WEAK = 0.1
"""First and last beats with less than this of the beats' usual onsets are none."""
PULSE_WINDOW_S = 6.0
PULSE_STEP_S = 0.25
PULSE_HARMONICS = 4
PULSE_DRIFT = 1.1
"""The local tempo may be faster or slower than the song's by this factor."""


def beats(onsets: np.ndarray, rate: float) -> tuple[float, np.ndarray]:
    """Give the tempo in beats a minute and the frames of the beats; 0 and none for silence or less than SHORTEST_S.

    Of all series of beats the one with the greatest sum of onsets at the beats, less TIGHTNESS log^2(step / period)
    for each step: Ellis, "Beat tracking by dynamic programming" (J. New Music Research 36, 2007). librosa's
    beat_track is the same but for the ends; it compiles for seconds in every process.
    """
    if len(onsets) < SHORTEST_S * rate or not onsets.any():
        return 0.0, np.zeros(0, int)
    bpm = tempo(onsets, rate)
    period = 60.0 * rate / bpm
    reach = np.arange(-math.ceil(period), math.ceil(period) + 1)
    score = np.convolve(onsets / onsets.std(), np.exp(-0.5 * (reach / (SHARPNESS * period)) ** 2))
    score = score[len(reach) // 2 :][: len(onsets)]
    total, before = _best_series(score, period, TIGHTNESS * rate)
    series = [int(total.argmax())]
    while before[series[-1]] >= 0:
        series.append(int(before[series[-1]]))
    found = np.array(series[::-1])
    heard = np.flatnonzero(score[found] > WEAK * np.sqrt(np.mean(score[found] ** 2)))
    return bpm, found[heard[0] : heard[-1] + 1]


def _best_series(score: np.ndarray, period: float, tightness: float) -> tuple[np.ndarray, np.ndarray]:
    """Give the best total of a series that ends at each frame, and the beat before that one (-1: it is the first).

    A step is half to two periods, so that half a period of frames depends on none of its own and is found at once.
    """
    steps = np.arange(max(1, math.ceil(period / 2)), math.floor(2 * period) + 1)
    cost = tightness * np.log(steps / period) ** 2
    total = np.concatenate([np.full(steps[-1], -np.inf), score])
    before = np.full(len(score), -1)
    for first in range(0, len(score), steps[0]):
        frames = np.arange(first, min(first + steps[0], len(score)))
        candidates = total[frames[:, None] - steps + steps[-1]] - cost
        best = candidates.argmax(axis=1)
        gain = candidates[np.arange(len(frames)), best]
        before[frames] = np.where(gain > 0.0, frames - steps[best], -1)
        total[frames + steps[-1]] += np.maximum(gain, 0.0)
    return total[steps[-1] :], before


def tempo(onsets: np.ndarray, rate: float) -> float:
    """Give the tempo in beats a minute: the peak of the mean local autocorrelation, weighed towards USUAL_BPM.

    librosa's estimate, from a window every TEMPO_STEP_S instead of every frame.
    """
    length, step = round(TEMPO_WINDOW_S * rate), round(TEMPO_STEP_S * rate)
    local = _local_windows(onsets, length, step) * get_window("hann", length)
    spectrum = scipy.fft.rfft(local, scipy.fft.next_fast_len(2 * length, real=True))
    correlation = scipy.fft.irfft(spectrum.real**2 + spectrum.imag**2)[:, :length]
    likeness = (correlation / np.maximum(correlation[:, :1], np.finfo(np.float32).tiny)).mean(axis=0)
    lags = np.arange(math.ceil(60.0 * rate / FASTEST_BPM), length)
    bpm = 60.0 * rate / lags
    usual = -0.5 * np.log2(bpm / USUAL_BPM) ** 2  # a deviation of one octave
    return float(bpm[(np.log1p(1e6 * np.maximum(likeness[lags], 0.0)) + usual).argmax()])


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
