"""Tempo: how fast the beats follow each other, and where in the beat each frame is."""

import numpy as np

from feature_extraction import rhythm
from feature_extraction.audio import Audio, fine_factor, frame_count
from feature_extraction.base_features import BaseFeatures, FeatureArray
from feature_extraction.onset import onset_strength

NEIGHBOURS = 2
"""The tempo between two beats is the mean over so many more on either side, since beats lie on a grid of frames."""


class TempoFeatures(BaseFeatures):
    """Three columns: `tempo` in beats a minute, `beat_cos` and `beat_sin` of the phase, which is 0 on each beat.

    The beats are those of the beats feature, between which the phase runs evenly; before the first and after the last
    of them it goes on at the tempo there. All are 0 where there are no two beats.
    """

    source = "audio"

    def encode(self, raw: Audio, frames: int | None = None) -> FeatureArray:
        """Give the (frames, 3) tempo and phase."""
        natural = frame_count(raw.duration_s, self.fps)
        factor = fine_factor(self.fps)
        rate = factor * self.fps
        _, positions = rhythm.beats(onset_strength(raw, self.fps), rate)
        values = np.zeros((natural if frames is None else frames, 3), np.float32)
        if len(positions) > 1:
            times = (positions - (factor - 1) / 2) / rate  # the middles of fine frames
            inside = values[:natural]
            tempo, phase = tempo_and_phase(times, np.arange(len(inside)) / self.fps)
            inside[:] = np.stack([tempo, np.cos(2 * np.pi * phase), np.sin(2 * np.pi * phase)], axis=1)
        return FeatureArray(values, ("tempo", "beat_cos", "beat_sin"))


def tempo_and_phase(beats: np.ndarray, time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the beats a minute, and the number of beats since the first one, at each of the (frames,) times in seconds.

    There are two `beats` or more, in ascending order; times may lie before and after them.
    """
    last = len(beats) - 1
    place = np.arange(last)
    first, end = np.maximum(place - NEIGHBOURS, 0), np.minimum(place + 1 + NEIGHBOURS, last)
    tempo = 60.0 * (end - first) / (beats[end] - beats[first])
    between = np.clip(np.searchsorted(beats, time, side="right") - 1, 0, last - 1)
    phase = np.interp(time, beats, np.arange(len(beats), dtype=float))
    phase += np.minimum(time - beats[0], 0.0) * tempo[0] / 60.0 + np.maximum(time - beats[-1], 0.0) * tempo[-1] / 60.0
    return tempo[between], phase
