"""Mel bands of several windows: the long ones tell tones apart, the short ones moments."""

from collections.abc import Sequence

import numpy as np
from scipy.signal import get_window

from feature_extraction.audio import Audio, fine_factor, frame_count, hop_of
from feature_extraction.base_features import BaseFeatures, FeatureArray
from feature_extraction.spectrum import decibels, mel_spectrogram

SHORTEST_TRANSFORM = 2048
"""Samples; shorter windows are transformed with zeros around them, since the lowest bands want bins so close."""


class MultiMelFeatures(BaseFeatures):
    """`n_mels` Slaney mel bands to `f_max` Hz in dB for each of the `windows` (samples), on an absolute level.

    Spectra are taken 100 times a second or more, and frame i is the mean power of those in [i - 1/2, i + 1/2) / fps:
    no sound falls between two windows, however short they are. 0 dB is a full-scale sine within one hertz of band;
    `f_max` and `floor_db` are those of the mel feature.
    """

    source = "audio"

    def __init__(
        self,
        fps: float,
        windows: Sequence[int] = (1024, 2048, 4096),
        n_mels: int = 80,
        f_max: float = 7600.0,
        floor_db: float = -100.0,
    ):
        super().__init__(fps)
        if not windows or len(set(windows)) < len(windows) or min(windows) < 2:
            raise ValueError(f"windows are different numbers of samples, such as [1024, 2048, 4096], not {windows}")
        self.windows = tuple(windows)
        self.n_mels = n_mels
        self.f_max = f_max
        self.floor_db = floor_db

    def encode(self, raw: Audio, frames: int | None = None) -> FeatureArray:
        """Give the (frames, windows n_mels) levels in dB, window by window."""
        frames = frame_count(raw.duration_s, self.fps) if frames is None else frames
        levels = [self._levels(raw, window, frames) for window in self.windows]
        columns = tuple(f"mel_{window}_{band:02d}" for window in self.windows for band in range(self.n_mels))
        return FeatureArray(np.concatenate(levels, axis=1), columns)

    def _levels(self, audio: Audio, window: int, frames: int) -> np.ndarray:
        factor, hop = fine_factor(self.fps), hop_of(audio, self.fps)
        fine_hop, n_fft = hop // factor, max(window, SHORTEST_TRANSFORM)
        padding = n_fft - window
        power = mel_spectrogram(
            audio.samples,
            sample_rate=audio.sample_rate,
            hop=fine_hop,
            n_fft=n_fft,
            n_mels=self.n_mels,
            frames=frames * factor,
            f_max=min(self.f_max, audio.sample_rate / 2),
            start=(fine_hop - hop) // 2 - n_fft // 2,
            window=np.pad(get_window("hann", window), (padding // 2, padding - padding // 2)),
        )
        mean = power.reshape(frames, factor, self.n_mels).mean(axis=1)
        full_scale = (window / 4) ** 2  # of a sine in its bin: half its amplitude times the window's mean, 1/2
        return decibels(mean, reference=full_scale, floor=full_scale * 10.0 ** (self.floor_db / 10.0))
