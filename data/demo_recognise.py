"""Which move a bar shows: nearest template of body-relative joint positions, or 'none'."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from data.demo_dance import choreography
from data.demo_motion import track
from data.demo_moves import BEATS_PER_BAR, moves
from data.demo_rig import BODY, solve
from feature_extraction.motion import rotation
from feature_extraction.motion.skeleton import Motion, joint_positions

NONE = "none"
PHASES = np.arange(0, BEATS_PER_BAR, 1 / 8)
"""The instants of a bar, in beats, at which it is compared."""
LEAST_SIMILARITY = 0.85
"""Cosine similarity: danced bars have more than .94, half-bar shifts less than .8."""
SIZES = (0.55, 1.6)
"""Size over the move's own: quiet and loud dances lie between .74 and 1.3."""
LARGEST_SECOND = 0.4
"""Share of a second move over that of the first: danced bars have less than .25, the mean of two bars more than .55."""


def recognise(motion: Motion, bars: Sequence[float] | np.ndarray) -> list[str]:
    """The move danced in each bar between the instants `bars` (bars + 1,), seconds, or 'none'.

    Reads joint positions relative to the hips and their heading, in units of the skeleton's height: place, direction,
    scale and frame rate do not matter. A bar is a move when its path follows the move's own closely, in about its
    size, and when the mixture of all moves that explains it best has little of any other.
    A bar that the motion does not reach is 'none'; LookupError when the skeleton lacks a joint of the corpus.
    """
    bars = np.asarray(bars, dtype=float)
    at = bars[:-1, None] + np.diff(bars)[:, None] * PHASES / BEATS_PER_BAR
    stance, templates = _templates()
    shown = _sampled(body(motion), at * motion.fps) - stance
    names = list(moves())
    found = [names[k] if k >= 0 else NONE for k in best_template(_flat(shown), _flat(templates))]
    reached = at[:, -1] * motion.fps <= motion.frames
    return [name if there else NONE for name, there in zip(found, reached, strict=True)]


def best_template(shown: np.ndarray, templates: np.ndarray) -> np.ndarray:
    """The number of the template (templates, dim) that each row of `shown` (rows, dim) is a scaled copy of, or -1."""
    shares = shown @ np.linalg.pinv(templates)
    best = shares.argmax(axis=1)
    rows = np.arange(len(shown))
    size = shares[rows, best]
    second = np.sort(np.abs(shares), axis=1)[:, -2]
    norms = np.linalg.norm(shown, axis=1) * np.linalg.norm(templates, axis=1)[best]
    similarity = np.sum(shown * templates[best], axis=1) / np.maximum(norms, np.finfo(float).tiny)
    clear = (similarity > LEAST_SIMILARITY) & (second < LARGEST_SECOND * size)
    return np.where(clear & (size > SIZES[0]) & (size < SIZES[1]), best, -1)


def body(motion: Motion) -> np.ndarray:
    """Joint positions (frames, joints, 3) without the hips, relative to the hips and their heading, over the height."""
    joints = [motion.skeleton.index(name) for name, parent, _ in BODY if parent]
    positions = joint_positions(motion)
    ahead = rotation.yaw(-rotation.heading(motion.rotations[:, 0]))
    return rotation.mul_vec(ahead[:, None], positions[:, joints] - positions[:, :1]) / motion.skeleton.height


def _sampled(values: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """Linear interpolation of `values` (time, ...) at fractional frame numbers (any shape), held at the ends."""
    frames = np.clip(frames, 0, len(values) - 1)
    left = np.minimum(frames.astype(int), max(len(values) - 2, 0))
    right = np.minimum(left + 1, len(values) - 1)
    part = (frames - left).reshape(*frames.shape, *[1] * (values.ndim - 1))
    return values[left] + part * (values[right] - values[left])


@cache
def _templates() -> tuple[np.ndarray, np.ndarray]:
    """The stance (joints, 3) and each move's displacement from it (moves, phases, joints, 3)."""
    shown = []
    for name in moves():
        keys, passes = choreography([name], [1.0])
        shown.append(body(solve(track(keys, passes, PHASES), 1.0)))
    stance = shown[0][0]
    return stance, np.stack(shown) - stance


def _flat(values: np.ndarray) -> np.ndarray:
    return values.reshape(len(values), -1)
