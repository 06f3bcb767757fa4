"""The onset envelope: how suddenly the sound rises within each frame."""

from feature_extraction.audio import Audio, frame_count
from feature_extraction.base_features import BaseFeatures, FeatureArray
from feature_extraction.onset import onset_strength, pool


class EnvelopeFeatures(BaseFeatures):
    """One column, `envelope`: the greatest rise of the sound's level (dB, mean over mel bands) in frame i's time.

    Frame i's time is [i - 1/2, i + 1/2) / fps, and an onset at t peaks in frame round(t fps).
    """

    source = "audio"

    def encode(self, raw: Audio, frames: int | None = None) -> FeatureArray:
        """Give the (frames, 1) envelope."""
        frames = frame_count(raw.duration_s, self.fps) if frames is None else frames
        envelope = pool(onset_strength(raw, self.fps), self.fps, frames)
        return FeatureArray(envelope[:, None], ("envelope",))
