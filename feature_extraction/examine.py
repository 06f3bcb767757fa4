"""What can be told of one sequence by reading its files once: lengths, rates, and what is wrong with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from scipy.ndimage import median_filter

from feature_extraction.audio import Audio, read_audio
from feature_extraction.motion.bvh import read_bvh
from feature_extraction.motion.skeleton import Motion, joint_positions
from feature_extraction.store import load_array

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


@dataclass(frozen=True)
class Finding:
    """Something to know: an "error" stops training or makes its numbers untrue, a "warning" may be meant."""

    text: str
    level: Literal["error", "warning", "note"] = "warning"


@dataclass(frozen=True)
class MotionFacts:
    """What check needs to know of a motion; `still` names the joints that never turn."""

    duration_s: float
    fps: float
    joints: tuple[str, ...]
    parents: tuple[int, ...]
    bone_lengths: np.ndarray  # (joints,), the root's is zero
    still: frozenset[str]
    fingerprint: np.ndarray


@dataclass(frozen=True)
class AudioFacts:
    """What check needs to know of a sound."""

    duration_s: float
    sample_rate: float
    fingerprint: np.ndarray


@dataclass(frozen=True)
class Examination:
    """All that is known of one sequence."""

    sequence_id: str
    sources: frozenset[str]
    """What raw files there are, readable or not."""
    motion: MotionFacts | None = None
    audio: AudioFacts | None = None
    dims: dict[str, int] = field(default_factory=dict)
    """The columns of each array, by feature name."""
    findings: tuple[Finding, ...] = ()

    @property
    def duration_s(self) -> float:
        """The time for which there is all that can be read, in seconds; 0 where nothing can."""
        return min((facts.duration_s for facts in (self.motion, self.audio) if facts), default=0.0)


def examine(sequence_id: str, raw: Mapping[str, Path], arrays: Mapping[str, Path]) -> Examination:
    """Read the raw files of a sequence, and its arrays by feature name, once each."""
    findings: list[Finding] = []
    motion = audio = None
    try:
        if "motion" in raw:
            motion = _examine_motion(read_bvh(raw["motion"]), findings)
    except (ValueError, OSError) as error:
        findings.append(Finding(str(error), "error"))
    try:
        if "audio" in raw:
            audio = _examine_audio(read_audio(raw["audio"]), findings)
    except (ValueError, OSError) as error:
        findings.append(Finding(str(error), "error"))
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
    turning = _angle(motion.rotations[:-1], motion.rotations[1:]).sum(axis=1)
    return MotionFacts(
        motion.duration_s,
        motion.fps,
        skeleton.names,
        skeleton.parents,
        np.linalg.norm(skeleton.offsets, axis=-1),
        frozenset(name for name, never in zip(skeleton.names, still, strict=True) if never),
        _fingerprint(turning),
    )


def _examine_audio(audio: Audio, findings: list[Finding]) -> AudioFacts:
    silence_s = silent_s(audio)
    if silence_s > audio.duration_s - BLOCK_S:
        findings.append(Finding("the sound is silent", "error"))
    elif silence_s > audio.duration_s / 2:
        findings.append(Finding(f"the sound is silent for {silence_s:.1f} of {audio.duration_s:.1f} s"))
    return AudioFacts(
        audio.duration_s, audio.sample_rate, _fingerprint(_loudness(audio, audio.duration_s / FINGERPRINT))
    )


def _examine_arrays(arrays: Mapping[str, Path], findings: list[Finding]) -> dict[str, int]:
    dims = {}
    lengths: dict[str, dict[str, int]] = {}
    for feature, path in arrays.items():
        try:
            values = load_array(path)
        except (ValueError, OSError) as error:
            findings.append(Finding(str(error), "error"))
            continue
        if values.ndim != 2 or values.dtype != np.float32:
            findings.append(Finding(f"{feature} is {values.dtype} {values.shape}, not float32 (frames, dim)", "error"))
            continue
        if bad := int((~np.isfinite(values)).any(axis=1).sum()):
            findings.append(Finding(f"{feature} has NaN or infinity in {bad} of {len(values)} frames", "error"))
        dims[feature] = values.shape[1]
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


def _loudness(audio: Audio, block_s: float = BLOCK_S) -> np.ndarray:
    """Give the root mean square of each block of `block_s` seconds."""
    starts = np.unique((np.arange(0, audio.duration_s, block_s) * audio.sample_rate).astype(int))
    starts = starts[starts < len(audio.samples)]
    sizes = np.diff(starts, append=len(audio.samples))
    return np.sqrt(np.add.reduceat(np.square(audio.samples, dtype=np.float64), starts) / sizes)


def _fingerprint(curve: np.ndarray) -> np.ndarray:
    """Give a curve at FINGERPRINT points of equal distance, mean 0 and length 1; zeros where it does not change."""
    if len(curve) < 2:
        return np.zeros(FINGERPRINT)
    edges = np.linspace(0, len(curve), FINGERPRINT + 1)
    summed = np.interp(edges, np.arange(len(curve) + 1), np.concatenate([[0.0], np.cumsum(curve)]))
    points = np.diff(summed) - np.diff(summed).mean()
    length = np.linalg.norm(points)
    return points / length if length > 1e-12 * max(1.0, summed[-1]) else np.zeros(FINGERPRINT)
