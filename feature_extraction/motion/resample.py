"""Changing the frame rate of a motion, for any ratio of the rates."""

import numpy as np

from feature_extraction.motion import rotation
from feature_extraction.motion.skeleton import Motion

ON_FRAME = 1e-6
"""A time this close to a frame, in frames, is that frame's (rates are not exact in binary)."""


def resampled_frames(frames: int, fps_in: float, fps_out: float) -> int:
    """Give how many frames at `fps_out` lie within `frames` frames at `fps_in`: floor((frames - 1) out / in) + 1."""
    if not (0 < fps_in < np.inf and 0 < fps_out < np.inf):
        raise ValueError(f"frame rates must be positive, not {fps_in:g} and {fps_out:g}")
    return int(np.floor((frames - 1) * fps_out / fps_in + ON_FRAME)) + 1


def resample(motion: Motion, fps: float) -> Motion:
    """Give the motion at `fps` frames per second; frame i is the pose at time i / fps.

    Rotations go the shorter way at constant speed, positions straight; frames that are there already stay exact.
    Nothing is filtered: what is faster than fps / 2 shows up as something slower.
    """
    if motion.fps == fps:
        return motion
    times = np.arange(resampled_frames(motion.frames, motion.fps, fps)) * (motion.fps / fps)
    nearest = np.round(times)
    times = np.where(np.abs(times - nearest) <= ON_FRAME, nearest, times)
    before = np.floor(times).astype(int)
    after = np.minimum(before + 1, motion.frames - 1)
    fraction = times - before
    between = np.flatnonzero(fraction)
    rotations, positions = motion.rotations[before], motion.positions[before]
    if len(between):
        before, after, fraction = before[between], after[between], fraction[between]
        rotations[between] = rotation.slerp(motion.rotations[before], motion.rotations[after], fraction[:, None])
        step = motion.positions[after] - motion.positions[before]
        positions[between] += fraction[:, None, None] * step
    return Motion(motion.skeleton, fps, rotations, positions)


def resample_to(motion: Motion, fps: float, frames: int | None) -> Motion:
    """Give the motion at `fps`, the first `frames` of it (None: all); ValueError if it has fewer."""
    resampled = resample(motion, fps)
    if frames is None:
        return resampled
    if frames > resampled.frames:
        raise ValueError(f"the motion has {resampled.frames} frames at {resampled.fps:g} fps, {frames} are wanted")
    return resampled.cut(0, frames)
