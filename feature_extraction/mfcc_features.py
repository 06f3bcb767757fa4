"""Mel-frequency cepstral coefficients: the outline of the spectrum of speech, averaged over each frame's time."""

import numpy as np

from feature_extraction.audio import Audio, fine_factor, frame_count, hop_of
from feature_extraction.base_features import BaseFeatures, FeatureArray
from feature_extraction.cepstrum import mfcc

WINDOW_S = 0.02
N_FFT = 1024
"""Samples; at the working rate one window of WINDOW_S, and little more."""
FULL_SCALE = 32768.0
"""Levels are those of 16-bit samples, the usual unit of cepstra."""
SILENCE = 1.0
"""The power (16-bit units squared) that counts as silence: in a mel band, what rounding to 16 bits leaves."""


class MfccFeatures(BaseFeatures):
    """The `n_mfcc` cepstra of the gesture system: means of all 20 ms windows that begin within [i, i + 1) / fps.

    Windows are 10 ms apart at 20 fps, five to a frame. `mfcc_00` is the logarithm of the power. Silence is 0 in all
    columns. `f_max` is where recordings at 16 kHz end, so that those of all usual rates fill the same bands; None is
    half the sample rate, as far as the gesture system's own bands go.
    """

    source = "audio"

    def __init__(self, fps: float, n_mfcc: int = 26, n_mels: int = 26, f_max: float | None = 7600.0):
        super().__init__(fps)
        if not 0 < n_mfcc <= n_mels:
            raise ValueError(f"of {n_mels} mel bands there are 1 to {n_mels} coefficients, not n_mfcc {n_mfcc}")
        self.n_mfcc = n_mfcc
        self.n_mels = n_mels
        self.f_max = f_max

    def encode(self, raw: Audio, frames: int | None = None) -> FeatureArray:
        """Give the (frames, n_mfcc) coefficients."""
        natural = frame_count(raw.duration_s, self.fps)
        factor = fine_factor(self.fps)
        fine_hop, window = hop_of(raw, self.fps) // factor, round(WINDOW_S * raw.sample_rate)
        fine = mfcc(
            raw.samples,
            sample_rate=raw.sample_rate,
            hop=fine_hop,
            window=window,
            n_fft=N_FFT,
            n_mels=self.n_mels,
            n_mfcc=self.n_mfcc,
            f_max=self.f_max and min(self.f_max, raw.sample_rate / 2),
            full_scale=FULL_SCALE,
            floor=SILENCE,
        )
        values = np.zeros((natural if frames is None else frames, self.n_mfcc), np.float32)
        means = _means(fine, factor, natural)[: len(values)]
        values[: len(means)] = means
        return FeatureArray(values, tuple(f"mfcc_{number:02d}" for number in range(self.n_mfcc)))


def _means(fine: np.ndarray, factor: int, frames: int) -> np.ndarray:
    """The means of each `factor` of (fine frames, dim), at the end of those that are left; then the last one again."""
    starts = np.arange(0, len(fine), factor)
    counts = np.minimum(factor, len(fine) - starts).astype(fine.dtype)
    means = np.add.reduceat(fine, starts, axis=0) / counts[:, None]
    return np.pad(means, ((0, max(0, frames - len(means))), (0, 0)), mode="edge")[:frames]
