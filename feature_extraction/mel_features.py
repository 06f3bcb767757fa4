"""Mel bands in decibels: what the sound's spectrum is around each frame, on an absolute level."""

import math

from feature_extraction.audio import Audio, frame_count, hop_of
from feature_extraction.base_features import BaseFeatures, FeatureArray
from feature_extraction.spectrum import decibels, mel_spectrogram

SHORTEST_WINDOW = 2048
"""Samples; at the working rate 43 ms, the shortest that tells the lowest bands apart."""
WINDOW_PER_HOP = 1.5
"""Windows are at least so many hops long: a Hann window then weighs no moment of the sound below a quarter."""


class MelFeatures(BaseFeatures):
    """`n_mels` Slaney mel bands to `f_max` Hz, in dB; 0 dB is a full-scale sine within one hertz of band.

    Frame i is centred on time i / fps and its window reaches beyond its neighbours' nearest edges, so that no sound
    falls between two. Levels are absolute: they do not depend on what else is in the file. `f_max` is where recordings
    at 16 kHz end, so that those of all usual rates fill the same bands; `floor_db` lies in the noise of a quiet room.
    """

    source = "audio"

    def __init__(self, fps: float, n_mels: int = 80, f_max: float = 7600.0, floor_db: float = -100.0):
        super().__init__(fps)
        self.n_mels = n_mels
        self.f_max = f_max
        self.floor_db = floor_db

    def encode(self, raw: Audio, frames: int | None = None) -> FeatureArray:
        """Give the (frames, n_mels) levels in dB."""
        frames = frame_count(raw.duration_s, self.fps) if frames is None else frames
        hop = hop_of(raw, self.fps)
        n_fft = window_length(hop)
        power = mel_spectrogram(
            raw.samples,
            sample_rate=raw.sample_rate,
            hop=hop,
            n_fft=n_fft,
            n_mels=self.n_mels,
            frames=frames,
            f_max=min(self.f_max, raw.sample_rate / 2),
        )
        full_scale = (n_fft / 4) ** 2  # of a sine in its bin: half its amplitude times the window's mean, 1/2
        level = decibels(power, reference=full_scale, floor=full_scale * 10.0 ** (self.floor_db / 10.0))
        return FeatureArray(level, tuple(f"mel_{band:02d}" for band in range(self.n_mels)))


def window_length(hop: int) -> int:
    """Give the window (samples, a power of two) for frames `hop` samples apart."""
    return max(SHORTEST_WINDOW, 2 ** math.ceil(math.log2(WINDOW_PER_HOP * hop)))
