"""A sound file as a compressed stream of exactly a motion's length."""

from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import soundfile

if TYPE_CHECKING:
    import av
    from av.container import OutputContainer

RATE = 48_000  # hertz; what every player takes
BIT_RATE = 160_000
BLOCK = 1 << 15  # samples read at once
FRAME_SAMPLES = {"aac": 1024, "libmp3lame": 1152}
"""Encoders, and how many samples they take at a time."""


class Sound:
    """The sound of one file, read, resampled and encoded piece by piece, as the pictures of a video come.

    Args:
        path: a sound file that libsndfile reads, of any rate and any number of channels (more than two are averaged).
        duration_s: seconds that it is to last; the sound is cut there, or filled with silence up to there.
        container: the file that gets an audio stream.
        encoder: one of `FRAME_SAMPLES`.

    Raises:
        ValueError: if the file is not a readable sound file.
    """

    def __init__(self, path: Path, duration_s: float, container: "OutputContainer", encoder: str = "aac"):
        import av

        try:
            self._file = soundfile.SoundFile(path)
        except soundfile.LibsndfileError as error:
            raise ValueError(
                f"{path} is not a sound file that can be read ({error}); want wav, flac, ogg or mp3"
            ) from error
        self._left = round(duration_s * self._file.samplerate)
        self._read_s = 0.0
        layout = "stereo" if self._file.channels == 2 else "mono"
        self._stream = cast("av.AudioStream", container.add_stream(encoder, rate=RATE, layout=layout))
        self._stream.bit_rate = BIT_RATE
        self._resampler = av.AudioResampler(format="fltp", layout=layout, rate=RATE, frame_size=FRAME_SAMPLES[encoder])

    def packets(self, until_s: float = inf) -> "list[av.Packet]":
        """The next encoded packets, up to `until_s` at least; called for the last time without it."""
        packets = []
        while self._left and self._read_s < until_s:
            for frame in self._resampler.resample(self._block()):
                packets += self._stream.encode(frame)
        if until_s == inf:
            for frame in self._resampler.resample(None):
                packets += self._stream.encode(frame)
            packets += self._stream.encode(None)
            self._file.close()
        return packets

    def _block(self) -> "av.AudioFrame":
        """The next samples of the file, silence after its end."""
        import av

        rate = self._file.samplerate
        samples = self._file.read(min(BLOCK, self._left), dtype="float32", always_2d=True, fill_value=0.0)
        if samples.shape[1] > 2:
            samples = samples.mean(axis=1, keepdims=True)
        planes = np.ascontiguousarray(samples.T)
        frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout="stereo" if len(planes) == 2 else "mono")
        frame.sample_rate = rate
        frame.pts = round(self._read_s * rate)
        self._left -= len(samples)
        self._read_s += len(samples) / rate
        return frame
