"""What can be told of one sequence by reading its files once: lengths, rates, and what is wrong with them."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from scipy.ndimage import median_filter

from feature_extraction.audio import Audio, read_audio
from feature_extraction.motion.bvh import read_bvh
from feature_extraction.motion.skeleton import Motion, joint_positions
from feature_extraction.motion.still_root import is_still, moving_root
from feature_extraction.store import load_array
from feature_extraction.text.formats import read_transcript
from feature_extraction.text.transcript import Transcript

FASTEST = 12.0
"""Skeleton heights per second that no joint of a person reaches (20 m/s)."""
SUDDEN = 10.0
AT_REST = 0.2
NEIGHBOURHOOD_S = 0.25
"""A speed is a spike, too, beyond SUDDEN times (the median within this time of it, and AT_REST heights per second)."""
SILENT = 1e-3
"""Below this root mean square (-60 dB of full scale) there is no sound."""
BLOCK_S = 0.1
STILL = 1e-5
"""A joint that never turns by more (radians) is still."""
FINGERPRINT = 256
FEWEST_BLOCKS = 60
FLAT = 1e-3
"""A curve that varies less than this, measured by its height, has no course to be known by."""

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Finding:
    """Something to know: an "error" stops training or makes its numbers untrue, a "warning" may be meant."""

    text: str
    level: Level = "warning"


@dataclass(frozen=True)
class MotionFacts:
    """What check needs to know of a motion: `root` is what features take for it; `still` are joints that never turn."""

    duration_s: float
    fps: float
    joints: tuple[str, ...]
    parents: tuple[int, ...]
    root: str
    bone_lengths: np.ndarray  # (joints,), zero for the root and others whose position is animated
    still: frozenset[str]
    content: str
    fingerprint: np.ndarray


@dataclass(frozen=True)
class AudioFacts:
    """What check needs to know of a sound."""

    duration_s: float
    sample_rate: float
    content: str
    fingerprint: np.ndarray


@dataclass(frozen=True)
class Examination:
    """All that is known of one sequence."""

    sequence_id: str
    sources: frozenset[str]
    """What raw files there are, readable or not."""
    motion: MotionFacts | None = None
    audio: AudioFacts | None = None
    dims: dict[str, int | None] = field(default_factory=dict)
    """The number of columns of each array, by feature name; None where it cannot be read."""
    findings: tuple[Finding, ...] = ()

    @property
    def duration_s(self) -> float:
        """The time for which there is all that can be read, in seconds; 0 where nothing can."""
        return min((facts.duration_s for facts in (self.motion, self.audio) if facts), default=0.0)


def examine(sequence_id: str, raw: Mapping[str, Path], arrays: Mapping[str, Path]) -> Examination:
    """Read the raw files of a sequence, and its arrays by feature name, once each."""
    findings: list[Finding] = []
    motion = audio = None
    if "motion" in raw:
        with _noting(findings):
            motion = _examine_motion(read_bvh(raw["motion"]), findings)
    if "audio" in raw:
        with _noting(findings):
            audio = _examine_audio(read_audio(raw["audio"]), findings)
    if "text" in raw:
        with _noting(findings):
            durations_s = [each.duration_s for each in (motion, audio) if each]
            _examine_text(read_transcript(raw["text"]), min(durations_s, default=np.inf), findings)
    dims = _examine_arrays(arrays, findings)
    return Examination(sequence_id, frozenset(raw), motion, audio, dims, tuple(findings))


def speed_spikes(motion: Motion) -> list[tuple[float, str, float]]:
    """Give (seconds, joint, skeleton heights per second) of the speeds that no body has; one for each such moment."""
    if motion.frames < 2:
        return []
    speed = np.linalg.norm(np.diff(joint_positions(motion), axis=0), axis=-1) * (motion.fps / motion.skeleton.height)
    width = 2 * round(NEIGHBOURHOOD_S * motion.fps) + 1
    spikes = np.zeros_like(speed)
    for joint in np.flatnonzero(speed.max(axis=0) > SUDDEN * AT_REST):
        usual = median_filter(speed[:, joint], size=width, mode="nearest")
        is_spike = (speed[:, joint] > FASTEST) | (speed[:, joint] > SUDDEN * (usual + AT_REST))
        spikes[is_spike, joint] = speed[is_spike, joint]
    frames = np.flatnonzero(spikes.any(axis=1))
    moments = np.split(frames, np.flatnonzero(np.diff(frames) > width) + 1) if len(frames) else []
    worst = [moment[spikes[moment].max(axis=1).argmax()] for moment in moments]
    return [
        (float(frame / motion.fps), motion.skeleton.names[spikes[frame].argmax()], float(spikes[frame].max()))
        for frame in worst
    ]


def silent_s(audio: Audio) -> float:
    """Give for how many seconds a sound is silent, in blocks of BLOCK_S."""
    return float((_loudness(audio) < SILENT).mean() * audio.duration_s)


@contextmanager
def _noting(findings: list[Finding]) -> Iterator[None]:
    """Make a finding of a file that cannot be read."""
    try:
        yield
    except (ValueError, OSError) as error:
        findings.append(Finding(str(error), "error"))


def _examine_motion(motion: Motion, findings: list[Finding]) -> MotionFacts:
    spikes = speed_spikes(motion)
    if spikes:
        time_s, joint, speed = max(spikes, key=lambda spike: spike[2])
        others = f", and {len(spikes) - 1} more" if len(spikes) > 1 else ""
        findings.append(Finding(f"speed spike: {joint} at {time_s:.2f} s, {speed:.1f} heights/s{others}"))
    skeleton = motion.skeleton
    still = _angle(motion.rotations[:1], motion.rotations).max(axis=0) < STILL
    if motion.frames > 1 and still.all() and (np.ptp(motion.positions, axis=0) < STILL * skeleton.height).all():
        findings.append(Finding("nothing moves"))
    root = moving_root(motion)
    going = [skeleton.names[j] for j in skeleton.moving if skeleton.parents[j] == 0]
    if going and not root and is_still(motion, 0):
        text = f"the root {skeleton.names[0]} never moves, but {going[0]} below it does: features have its place"
        findings.append(Finding(f"{text} in the world; take the other joints below {skeleton.names[0]} out"))
    lengths = np.linalg.norm(skeleton.offsets, axis=-1)
    lengths[list(skeleton.moving)] = 0.0
    turning = _angle(motion.rotations[:-1], motion.rotations[1:]).sum(axis=1)
    return MotionFacts(
        motion.duration_s,
        motion.fps,
        skeleton.names,
        skeleton.parents,
        skeleton.names[root],
        lengths,
        frozenset(name for name, never in zip(skeleton.names, still, strict=True) if never),
        _content(motion.rotations.round(6), motion.positions.round(6)),
        _fingerprint(turning, motion.duration_s),
    )


def _examine_audio(audio: Audio, findings: list[Finding]) -> AudioFacts:
    silence_s = silent_s(audio)
    if silence_s > audio.duration_s - BLOCK_S:
        findings.append(Finding("the sound is silent", "error"))
    elif silence_s > audio.duration_s / 2:
        findings.append(Finding(f"the sound is silent for {silence_s:.1f} of {audio.duration_s:.1f} s"))
    return AudioFacts(
        audio.duration_s, audio.sample_rate, _content(audio.samples), _fingerprint(_loudness(audio), audio.duration_s)
    )


def _examine_text(transcript: Transcript, duration_s: float, findings: list[Finding]) -> None:
    if not transcript.words:
        findings.append(Finding("the transcript has no words"))
    elif late := sum(word.start_s >= duration_s for word in transcript.words):
        findings.append(Finding(f"{late} of {len(transcript.words)} words are said after the end of the recording"))


def _examine_arrays(arrays: Mapping[str, Path], findings: list[Finding]) -> dict[str, int | None]:
    dims: dict[str, int | None] = dict.fromkeys(arrays)
    lengths: dict[str, dict[str, int]] = {}
    for feature, path in arrays.items():
        try:
            values = load_array(path)
        except (ValueError, OSError) as error:
            findings.append(Finding(str(error), "error"))
            continue
        whole = values.dtype == np.int64  # tokens, labels
        if values.ndim != 2 or not (whole or values.dtype == np.float32):
            findings.append(Finding(f"{feature} is {values.dtype} {values.shape}, not float32 (frames, dim)", "error"))
            continue
        if bad := int((~np.isfinite(values)).any(axis=1).sum()):
            findings.append(Finding(f"{feature} has NaN or infinity in {bad} of {len(values)} frames", "error"))
        dims[feature] = values.shape[1]
        if whole and len(values) == 1:
            continue  # a label holds for all frames
        lengths.setdefault(feature.rpartition("_")[2], {})[feature] = len(values)
    for counts in lengths.values():
        if len(set(counts.values())) > 1:
            told = ", ".join(f"{feature} {count}" for feature, count in counts.items())
            findings.append(Finding(f"arrays differ in frames: {told}; extract again", "error"))
    return dims


def _angle(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Give the angle (radians) between unit quaternions (..., 4); the chord keeps small angles exact."""
    chord = np.minimum(np.linalg.norm(p - q, axis=-1), np.linalg.norm(p + q, axis=-1))
    return 4 * np.arcsin(np.minimum(chord / 2, 1.0))


def _loudness(audio: Audio) -> np.ndarray:
    """Give the root mean square of each block of BLOCK_S."""
    starts = np.unique((np.arange(0, audio.duration_s, BLOCK_S) * audio.sample_rate).astype(int))
    starts = starts[starts < len(audio.samples)]
    sizes = np.diff(starts, append=len(audio.samples))
    return np.sqrt(np.add.reduceat(np.square(audio.samples, dtype=np.float64), starts) / sizes)


def _fingerprint(curve: np.ndarray, duration_s: float) -> np.ndarray:
    """Give the course of a curve at FINGERPRINT points, no finer than BLOCK_S, mean 0 and length 1.

    All 0 where there is nothing to know a recording by: it is too short, or does not vary.
    """
    blocks = min(FINGERPRINT, int(duration_s / BLOCK_S))
    if blocks < FEWEST_BLOCKS:
        return np.zeros(FINGERPRINT)
    points = _averaged(_averaged(curve, blocks), FINGERPRINT)
    course = points - points.mean()
    length = np.linalg.norm(course)
    return course / length if length > FLAT * np.abs(points).max() else np.zeros(FINGERPRINT)


def _content(*arrays: np.ndarray) -> str:
    """Give a hash of what a recording holds, whatever its file looks like."""
    joined = hashlib.sha256()
    for values in arrays:
        joined.update(np.ascontiguousarray(values).data)
    return joined.hexdigest()


def _averaged(curve: np.ndarray, count: int) -> np.ndarray:
    """Give the means of `count` equal stretches of a curve that is constant between its points."""
    summed = np.concatenate([[0.0], np.cumsum(curve)])
    edges = np.linspace(0, len(curve), count + 1)
    return np.diff(np.interp(edges, np.arange(len(summed)), summed)) * (count / max(1, len(curve)))
