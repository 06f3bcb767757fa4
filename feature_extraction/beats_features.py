"""Beats: where the tracked beats fall, and how the local pulse rises and sinks between them."""

import numpy as np

from feature_extraction import rhythm
from feature_extraction.audio import Audio, fine_factor, frame_count
from feature_extraction.base_features import BaseFeatures, FeatureArray
from feature_extraction.onset import onset_strength, pool


class BeatsFeatures(BaseFeatures):
    """Two columns: `beat` is 1 in frame round(t fps) of each beat at t, else 0; `pulse` is in [0, 1], high on beats.

    `beat` is one tempo's best path through the song, all or nothing; `pulse` follows the tempo locally and is smooth,
    with lower crests where the beat's parts are sounded. Both are 0 in silence and in sound shorter than a second.
    """

    source = "audio"

    def encode(self, raw: Audio, frames: int | None = None) -> FeatureArray:
        """Give the (frames, 2) beats and pulse."""
        frames = frame_count(raw.duration_s, self.fps) if frames is None else frames
        onsets, rate = onset_strength(raw, self.fps), fine_factor(self.fps) * self.fps
        bpm, positions = rhythm.beats(onsets, rate)
        beat, pulse = np.zeros((2, len(onsets)), np.float32)
        if bpm:
            beat[positions] = 1.0
            pulse[:] = rhythm.pulse(onsets, rate, bpm)
        values = np.stack([pool(beat, self.fps, frames), pool(pulse, self.fps, frames)], axis=1)
        return FeatureArray(values, ("beat", "pulse"))
