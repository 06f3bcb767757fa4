"""Harmony and drums apart: pitch classes of what lasts in the sound, mel bands of what strikes."""

import numpy as np
import soxr

from feature_extraction.audio import Audio, fine_factor, frame_count
from feature_extraction.base_features import BaseFeatures, FeatureArray
from feature_extraction.multi_mel_features import MultiMelFeatures
from feature_extraction.pitch import NOTES, pitch_classes
from feature_extraction.separation import separate

RATE = 22_000
"""Near this rate (Hz) the sound is taken apart; it has all that mel bands and notes hear."""
WINDOW = 1024
"""Samples; what strikes is short."""
SILENCE = 1e-3
"""Where no note is louder than this (a full-scale sine is 1), all fade."""


class ChromaFeatures(BaseFeatures):
    """Twelve `percussive` columns, mel bands in dB, and twelve pitch classes, `chroma_C` to `chroma_B`, in [0, 1].

    The sound is taken apart into what lasts and what strikes. The mel bands of the percussive part are those of the
    multi_mel feature with one window. The pitch classes of the harmonic part are those of a constant-Q transform of
    seven octaves, means over [i - 1/2, i + 1/2) / fps; in each frame the loudest is 1, in silence all are 0.
    `tuning_hz` is the A above middle C.
    """

    source = "audio"

    def __init__(self, fps: float, tuning_hz: float = 440.0, n_mels: int = 12):
        super().__init__(fps)
        self.tuning_hz = tuning_hz
        self.n_mels = n_mels

    def encode(self, raw: Audio, frames: int | None = None) -> FeatureArray:
        """Give the (frames, n_mels + 12) bands and pitch classes."""
        frames = frame_count(raw.duration_s, self.fps) if frames is None else frames
        factor = fine_factor(self.fps)
        fine_fps = factor * self.fps
        rate = 2 * round(RATE / (2 * fine_fps)) * fine_fps
        harmonic, percussive = separate(soxr.resample(raw.samples, raw.sample_rate, rate))
        mel = MultiMelFeatures(self.fps, windows=(WINDOW,), n_mels=self.n_mels)
        bands = mel.encode(Audio(percussive, rate), frames).values
        notes = pitch_classes(
            harmonic,
            sample_rate=rate,
            fps=fine_fps,
            frames=frames * factor,
            offset=(1 - factor) / 2,
            tuning_hz=self.tuning_hz,
        )
        notes = notes.reshape(frames, factor, len(NOTES)).mean(axis=1)
        notes /= np.maximum(notes.max(axis=1, keepdims=True, initial=0.0), SILENCE)
        columns = [f"percussive_{band:02d}" for band in range(self.n_mels)] + [f"chroma_{note}" for note in NOTES]
        return FeatureArray(np.concatenate([bands, notes], axis=1), tuple(columns))
