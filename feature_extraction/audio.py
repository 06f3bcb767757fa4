"""Sound files: read once, as mono, at a rate whose hops are whole on the motion's frame grid."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, reduce
from pathlib import Path

import numpy as np
import soundfile
import soxr

WORKING_RATE = 48000
"""Near this rate (Hz) features are computed: it has whole hops at 20, 24, 25, 30, 50, 60 and 100 frames a second."""
FINE_FPS = 100
"""Onsets and beats are found on a grid at least this fine (frames a second), then brought to the motion's."""
LOUDEST = 1e6
"""Samples beyond this are no sound: full scale is 1, and integers stored as floating point reach 3e4."""
SLOWEST_RATE, FASTEST_RATE = 1000, 1_000_000
"""Sample rates (Hz) beyond these are a broken header's."""

_BLOCK = 1 << 19
_FRAMES_SLACK = 1e-6


@dataclass(frozen=True, eq=False)
class Audio:
    """Mono sound: `samples` (n,) float32, full scale 1, at `sample_rate` Hz."""

    samples: np.ndarray
    sample_rate: float

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate


def duration(path: str | Path) -> float:
    """Give a sound file's length in seconds, as `read_audio` would have it.

    It is read from the header alone, except for mp3, whose header may not have it, or have it wrong: that is decoded,
    once as long as it does not change.
    """
    path = Path(path)
    with _opened(path) as file:
        if file.format != "MP3":
            return file.frames / file.samplerate
        state = path.stat()
        return _decoded_frames(path, state.st_size, state.st_mtime_ns) / file.samplerate


def frame_count(duration_s: float, fps: float) -> int:
    """Give the number of frames that `duration_s` seconds of sound have: ceil(duration fps).

    >>> frame_count(1.0, 20), frame_count(1.001, 20)
    (20, 21)
    """
    return math.ceil(duration_s * fps - _FRAMES_SLACK)


def fine_factor(fps: float) -> int:
    """Give how many fine frames there are to one of `fps`: the fewest that make at least FINE_FPS a second."""
    if not 0 < fps <= FINE_FPS * 10:
        raise ValueError(
            f"{fps:g} frames a second are no frame rate for features; give one above 0, to {FINE_FPS * 10}"
        )
    return max(1, math.ceil(FINE_FPS / fps - 1e-9))


def working_rate(fps: float) -> tuple[float, int]:
    """Give the sample rate (Hz) and the samples per frame (the hop) that features at `fps` are computed with.

    The rate is WORKING_RATE or next to it. Its hop is whole and even at `fps`, and whole on the fine grid.

    >>> working_rate(20), working_rate(60)
    ((48000.0, 2400), (48000.0, 800))
    """
    factor = fine_factor(fps)
    fine_hop = 2 * round(WORKING_RATE / (2 * factor * fps))
    return float(fine_hop * factor * fps), fine_hop * factor


def hop_of(audio: Audio, fps: float) -> int:
    """Give the samples per frame of `audio` at `fps`; ValueError when they are not whole, on the fine grid too."""
    factor = fine_factor(fps)
    fine_hop = round(audio.sample_rate / (factor * fps))
    if fine_hop < 1 or abs(fine_hop * factor * fps - audio.sample_rate) > 1e-6 * audio.sample_rate:
        raise ValueError(
            f"sound at {audio.sample_rate:g} Hz has no whole hop at {fps:g} frames a second; read it with "
            f"read_audio(path, {working_rate(fps)[0]:g})"
        )
    return fine_hop * factor


def read_audio(path: str | Path, sample_rate: float | None = None) -> Audio:
    """Read a sound file (what libsndfile reads: wav, flac, ogg, mp3, ...), its channels averaged.

    It is resampled to `sample_rate` Hz unless that is None. ValueError for a file that cannot be decoded, is empty
    or holds numbers that are no sound.
    """
    with _opened(Path(path)) as file:
        own_rate = file.samplerate
        samples = np.concatenate([np.zeros(0, np.float32), *_mono_blocks(file)])
    _refuse_no_sound(samples, own_rate, path)
    if sample_rate is None or sample_rate == own_rate:
        return Audio(samples, float(own_rate))
    return Audio(soxr.resample(samples, own_rate, sample_rate), float(sample_rate))


def read_channels(path: str | Path) -> tuple[np.ndarray, int]:
    """Read a sound file as it is: samples (n, channels) float64 and their rate; ValueError if it cannot be decoded."""
    with _opened(Path(path)) as file:
        return np.concatenate([np.zeros((0, file.channels)), *_blocks(file, "float64")]), file.samplerate


def _opened(path: Path) -> soundfile.SoundFile:
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not there; give the path of a sound file")
    try:
        file = soundfile.SoundFile(path)
    except soundfile.LibsndfileError as error:
        # of an mp3 without a valid frame libsndfile says that the file does not exist
        fault = "There is no sound in it." if "does not exist" in error.error_string else error.error_string
        raise ValueError(f"{path} is no readable sound file: {fault} Give wav, flac, ogg or mp3.") from error
    if not SLOWEST_RATE <= file.samplerate <= FASTEST_RATE:
        raise ValueError(f"{path} says that it has {file.samplerate} samples a second, which is no rate of sound")
    return file


@lru_cache(maxsize=1024)
def _decoded_frames(path: Path, size: int, changed_ns: int) -> int:
    """The frames of a file that has this size and was last changed then."""
    with _opened(path) as file:
        return sum(map(len, _mono_blocks(file)))


def _mono_blocks(file: soundfile.SoundFile) -> Iterator[np.ndarray]:
    """Average the channels by adding them: as a matrix product that would wake threads for longer than it takes."""
    equal = np.float32(1 / file.channels)
    for block in _blocks(file, "float32"):
        yield block[:, 0] if file.channels == 1 else reduce(np.add, (each * equal for each in block.T))


def _blocks(file: soundfile.SoundFile, dtype: str) -> Iterator[np.ndarray]:
    """Decode the (n, channels) samples, some at a time."""
    decoded = 0
    try:
        while len(block := file.read(_BLOCK, dtype=dtype, always_2d=True)):
            decoded += len(block)
            yield block
    except soundfile.LibsndfileError as error:
        place = f"somewhere after {decoded / file.samplerate:.1f} s"
        raise ValueError(f"{file.name} cannot be decoded, {place}: {error.error_string}") from error


def _refuse_no_sound(samples: np.ndarray, sample_rate: int, path: str | Path) -> None:
    if not len(samples):
        raise ValueError(f"{path} holds no sound: it has no samples")
    if not max(samples.max(), -samples.min()) < LOUDEST:  # so put, not-a-number is caught too
        worst = int(np.argmin(np.abs(samples) < LOUDEST))
        raise ValueError(
            f"{path} holds no sound: sample {worst} (at {worst / sample_rate:.3f} s) is {samples[worst]:g}, where full "
            "scale is 1; convert the file again"
        )
