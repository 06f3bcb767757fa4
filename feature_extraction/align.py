"""One frame grid for all: counting frames from headers, reading at a frame rate, trimming to a common length."""

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path

import numpy as np
import soxr

from feature_extraction.audio import Audio, duration, frame_count, read_audio, working_rate
from feature_extraction.motion.bvh import read_bvh, read_bvh_header
from feature_extraction.motion.resample import resample, resampled_frames
from feature_extraction.motion.skeleton import Motion
from feature_extraction.motion.still_root import from_moving_root
from feature_extraction.store import RECORDED
from feature_extraction.text.formats import read_transcript
from feature_extraction.text.transcript import Transcript


def raw_frames(path: Path, source: str, fps: float) -> int:
    """Give the frames that one recording fills at `fps`, from its header alone."""
    return _COUNT[source](path, fps)


def natural_frames(raw: Motion | Audio | Transcript | str, fps: float) -> int:
    """Give the frames that a raw input fills at `fps`: a label, which holds for the whole sequence, one."""
    if isinstance(raw, str):
        return 1
    if isinstance(raw, Motion):
        return resampled_frames(raw.frames, raw.fps, fps)
    return frame_count(raw.duration_s, fps)


def pair_frames(raw: Mapping[str, Path], source: str, fps: float) -> int:
    """Give the frames of a sequence's `source` at `fps`: the smallest count of its recordings; 1 for a label.

    Only headers are read, so that the count does not depend on which of them is extracted first. A partner that
    cannot be read has no say; a transcript never has one, as words may end before the sound does, or after it.
    """
    if source == "label":
        return 1
    own = {each for each in RECORDED if each in raw and source in (each, "text")}
    counts = []
    for each in sorted(raw.keys() & set(RECORDED)):
        with nullcontext() if own == {each} else suppress(ValueError, OSError):
            counts.append(raw_frames(raw[each], each, fps))
    if not counts:
        raise ValueError(f"neither of {', '.join(sorted(raw[each].name for each in own))} can be read")
    return min(counts)


def read_raw(path: Path, source: str, fps: float, frames: int | None = None) -> Motion | Audio | Transcript:
    """Read a raw file at the rate that the extractors want for `fps`, with at least what `frames` frames need."""
    return _READ[source](path, fps, frames)


def to_rate(
    raw: Motion | Audio | Transcript | str, fps: float, frames: int | None = None
) -> Motion | Audio | Transcript | str:
    """Give a raw input at the rate that the extractors want for `fps`: a motion at `fps`, sound at its working rate.

    A motion begins with the joint that moves, see `motion.still_root`. With `frames`, it is cut to that many;
    ValueError when it has fewer.
    """
    if isinstance(raw, Motion):
        return _motion_to_rate(raw, fps, frames)
    if not isinstance(raw, Audio):
        return raw
    sample_rate, _ = working_rate(fps)
    if raw.sample_rate == sample_rate:
        return raw
    return Audio(soxr.resample(raw.samples, raw.sample_rate, sample_rate), sample_rate)


def trim(arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Cut arrays to the length of the shortest; the arrays given stay as they are."""
    frames = min(len(values) for values in arrays)
    return [values[:frames] for values in arrays]


def _motion_to_rate(motion: Motion, fps: float, frames: int | None) -> Motion:
    motion = from_moving_root(motion)
    if frames is None:
        return resample(motion, fps)
    needed = math.ceil((frames - 1) * motion.fps / fps) + 2  # the last frame is interpolated between two
    resampled = resample(motion.cut(0, min(needed, motion.frames)), fps)
    if resampled.frames < frames:
        raise ValueError(f"the motion fills {resampled.frames} frames at {fps:g} fps, {frames} are wanted")
    return resampled.cut(0, frames)


def _motion_frames(path: Path, fps: float) -> int:
    header = read_bvh_header(path)
    return resampled_frames(header.frames, header.fps, fps)


def _audio_frames(path: Path, fps: float) -> int:
    return frame_count(duration(path), fps)


def _read_motion(path: Path, fps: float, frames: int | None) -> Motion:
    return _motion_to_rate(read_bvh(path), fps, frames)


def _read_text(path: Path, fps: float, frames: int | None) -> Transcript:
    return read_transcript(path)


def _read_audio(path: Path, fps: float, frames: int | None) -> Audio:
    return read_audio(path, working_rate(fps)[0])


_COUNT: dict[str, Callable[[Path, float], int]] = {"motion": _motion_frames, "audio": _audio_frames}
_READ: dict[str, Callable[[Path, float, int | None], Motion | Audio | Transcript]] = {
    "motion": _read_motion,
    "audio": _read_audio,
    "text": _read_text,
}
