"""Beats of motion: the instants at which a body comes to rest, and how they lie to the music's."""

import numpy as np
from scipy.ndimage import gaussian_filter1d

from analysis.metrics.clip import Clip, positions_at

FPS = 60.0
"""Motion beats are looked for at this rate, whatever the clip's, so that they do not depend on it."""
SMOOTHING_S = 5 / 60
"""Deviation of the Gaussian that smooths speeds: Bailando's 5 frames (arXiv:2203.13055)."""
REST = 1e-9
"""Speeds below this part of the greatest are those of rounding."""


def speed_minima(positions: np.ndarray, fps: float, smoothing_s: float = SMOOTHING_S) -> np.ndarray:
    """Give the instants, in seconds, of the strict local minima of the smoothed mean joint speed; (frames, joints, 3).

    A speed between two frames belongs to the instant half way between them; the vertex of the parabola through three
    speeds is the minimum.
    """
    speed = np.linalg.norm(np.diff(positions, axis=0), axis=-1).mean(axis=-1) * fps
    return minima(gaussian_filter1d(speed, smoothing_s * fps, mode="reflect"), fps) + 0.5 / fps


def minima(values: np.ndarray, fps: float) -> np.ndarray:
    """Give the instants of strict local minima of (frames,) values, between frames where the parabola has them."""
    if len(values) < 3 or np.ptp(values) <= REST * np.abs(values).max():
        return np.zeros(0)
    before, now, after = values[:-2], values[1:-1], values[2:]
    at = np.flatnonzero((now < before) & (now < after))
    rise = (before - after)[at] / (2 * (before - 2 * now + after)[at])
    return (at + 1 + rise) / fps


def motion_beats(clip: Clip) -> np.ndarray:
    """Give the instants of a clip's motion beats, in seconds."""
    return speed_minima(positions_at(clip, FPS), FPS)


def published_beats(positions: np.ndarray) -> np.ndarray:
    """Give the motion beats as Bailando has them: indices of minima of the displacement to the next frame."""
    displacement = np.linalg.norm(np.diff(positions, axis=0), axis=-1).mean(axis=-1)
    smooth = gaussian_filter1d(displacement, SMOOTHING_S * FPS, mode="reflect")
    return np.flatnonzero((smooth[1:-1] < smooth[:-2]) & (smooth[1:-1] < smooth[2:])) + 1


def distances(instants: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Give the time from each instant to the nearest of the others; infinite where there are none."""
    if not len(others):
        return np.full(len(instants), np.inf)
    return np.abs(np.asarray(instants)[:, None] - np.asarray(others)).min(axis=1)


def alignment(instants: np.ndarray, others: np.ndarray, sigma: float) -> float:
    """Give the mean of exp(-d^2 / (2 sigma^2)) over instants, d from each to the nearest other; nan without any."""
    if not len(instants):
        return float("nan")
    return float(np.exp(-0.5 * (distances(instants, others) / sigma) ** 2).mean())
