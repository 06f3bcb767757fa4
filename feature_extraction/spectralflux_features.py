"""Spectral flux: how much louder the sound's spectrum grows within each frame."""

from feature_extraction.audio import Audio, frame_count
from feature_extraction.base_features import BaseFeatures, FeatureArray
from feature_extraction.onset import pool, spectral_flux


class SpectralfluxFeatures(BaseFeatures):
    """One column, `spectralflux`: the greatest rise of the magnitude spectrum (summed over bins) in frame i's time.

    Frame i's time is [i - 1/2, i + 1/2) / fps, and an onset at t peaks in frame round(t fps). Loud onsets count for
    more than soft ones, unlike in the envelope, which hears levels as the ear does.
    """

    source = "audio"

    def encode(self, raw: Audio, frames: int | None = None) -> FeatureArray:
        """Give the (frames, 1) flux."""
        frames = frame_count(raw.duration_s, self.fps) if frames is None else frames
        flux = pool(spectral_flux(raw, self.fps), self.fps, frames)
        return FeatureArray(flux[:, None], ("spectralflux",))
