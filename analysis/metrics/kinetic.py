"""Kinetic features of a clip: how fast each joint moves along and up, and how it is accelerated."""

import numpy as np

REACH = 2
"""Velocities and accelerations are means over so many frames to either side."""
UP_AXIS, LEVEL_AXES = 1, (0, 2)


def kinetic_features(positions: np.ndarray, fps: float, *, published: bool = False) -> np.ndarray:
    """Give (3 joints,): per joint the mean squared level speed, squared vertical speed, and norm of the acceleration.

    `positions` are (frames, joints, 3), y up. Velocity and acceleration at a frame are means over the frames i - 2 to
    i + 2 that exist; the means are over frames 1 to the last. After Onuma, Faloutsos and Hodgins, FMDistance
    (Eurographics 2008), as AIST++ uses it (arXiv:2101.08779). `published` keeps the slip of AIST++'s acceleration, in
    which the earlier velocity is p_i - p_(i-1) / dt.
    """
    if len(positions) < 3:
        raise ValueError(f"kinetic features need 3 frames, the clip has {len(positions)}")
    positions = np.asarray(positions, dtype=np.float64)
    dt = 1.0 / fps
    before, now, after = positions[:-2], positions[1:-1], positions[2:]
    earlier = now - before / dt if published else (now - before) / dt
    velocity = _local_means(np.diff(positions, axis=0) / dt, 1, len(positions))
    acceleration = _local_means(((after - now) / dt - earlier) / dt, 1, len(positions))
    level = (velocity[..., LEVEL_AXES] ** 2).sum(axis=-1).mean(axis=0)
    vertical = (velocity[..., UP_AXIS] ** 2).mean(axis=0)
    effort = np.linalg.norm(acceleration, axis=-1).mean(axis=0)
    return np.stack([level, vertical, effort], axis=1).reshape(-1)


def _local_means(values: np.ndarray, first: int, frames: int) -> np.ndarray:
    """The means around each frame from 1 to the last, of `values` whose row 0 belongs to frame `first`."""
    sums = np.concatenate([np.zeros_like(values[:1]), np.cumsum(values, axis=0)])
    at = np.arange(1, frames) - first
    start, stop = np.clip(at - REACH, 0, len(values)), np.clip(at + REACH + 1, 0, len(values))
    return (sums[stop] - sums[start]) / (stop - start)[:, None, None]
