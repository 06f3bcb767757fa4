"""Which move a bar shows, and where gestures are: joint positions against the moves' and gestures' own, or 'none'."""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from data.demo_dance import choreography
from data.demo_gestures import gesture_poses, rest_pose
from data.demo_motion import track
from data.demo_moves import BEATS_PER_BAR, moves
from data.demo_rig import BODY, SIDES, solve
from feature_extraction.motion import rotation
from feature_extraction.motion.skeleton import Motion, joint_positions

NONE = "none"
PHASES = np.arange(0, BEATS_PER_BAR, 1 / 8)
"""The instants of a bar, in beats, at which it is compared."""


class Criterion(NamedTuple):
    """What makes a displacement from rest a copy of a template rather than something in between."""

    similarity: float
    """The least cosine similarity."""
    sizes: tuple[float, float]
    """The least and largest size, over the template's own."""
    second: float
    """The largest share of another template in the best mixture of all, over the share of this one."""


MOVE = Criterion(0.85, (0.55, 1.6), 0.4)
"""Danced bars have similarities above .94, sizes from .75 to 1.3, second shares below .25; half-bar shifts have
similarities below .8, the means of two bars second shares above .55."""
GESTURE = Criterion(0.92, (0.78, 1.4), np.inf)
"""Apexes have similarities above .93 and sizes from .85 to 1.15; a mean of two is less similar or smaller."""
SHORTEST_APEX_S = 0.1
SAME_GESTURE_S = 0.4
"""A gesture that is lost for less than this is the same gesture."""
JUMP_HEIGHT = 0.025
"""How high both feet must be over where they stand, over the skeleton's height, for a jump."""
JUMP_WITHIN_S = 0.7
JOINTS = tuple(name for name, parent, _ in BODY if parent)
UPPER_JOINTS = tuple(name for name in JOINTS if not name.endswith(("Leg", "Foot", "ToeBase")))


def recognise(motion: Motion, bars: Sequence[float] | np.ndarray) -> list[str]:
    """The move danced in each bar between the instants `bars` (bars + 1,), seconds, or 'none'.

    Reads joint positions relative to the hips and their heading, in units of all bones together: place, direction,
    scale and frame rate do not matter. A bar is a move when its path follows the move's own closely, in about its
    size, and when the mixture of all moves that explains it best has little of any other.
    A bar that the motion does not reach is 'none'; LookupError when the skeleton lacks a joint of the corpus.
    """
    bars = np.asarray(bars, dtype=float)
    at = bars[:-1, None] + np.diff(bars)[:, None] * PHASES / BEATS_PER_BAR
    stance, templates = _templates()
    shown = _sampled(body(motion), at * motion.fps) - stance
    names = list(moves())
    found = [names[k] if k >= 0 else NONE for k in best_template(_flat(shown), _flat(templates), MOVE)]
    reached = at[:, -1] * motion.fps <= motion.frames
    return [name if there else NONE for name, there in zip(found, reached, strict=True)]


def best_template(shown: np.ndarray, templates: np.ndarray, criterion: Criterion) -> np.ndarray:
    """The number of the template (templates, dim) that each row of `shown` (rows, dim) is a scaled copy of, or -1."""
    lengths = np.linalg.norm(templates, axis=1)
    projections = shown @ templates.T / lengths
    tiny = np.finfo(float).tiny
    cosines = projections / np.maximum(np.linalg.norm(shown, axis=1, keepdims=True), tiny)
    best = cosines.argmax(axis=1)[:, None]
    similarity, size = (np.take_along_axis(each, best, 1)[:, 0] for each in (cosines, projections / lengths))
    shares = np.abs(shown @ np.linalg.pinv(templates))
    first = np.take_along_axis(shares, best, 1)[:, 0]
    np.put_along_axis(shares, best, 0.0, 1)
    least, largest = criterion.sizes
    copied = (similarity > criterion.similarity) & (size > least) & (size < largest)
    return np.where(copied & (shares.max(axis=1) <= criterion.second * np.maximum(first, tiny)), best[:, 0], -1)


def recognise_jumps(motion: Motion, drops: Sequence[float] | np.ndarray) -> list[bool]:
    """Whether both feet leave the floor within JUMP_WITHIN_S after each of the instants `drops`, seconds."""
    toes = [motion.skeleton.index(f"{side.title()}ToeBase") for side in SIDES]
    heights = joint_positions(motion)[:, toes, 1].min(axis=1)
    off_floor = heights - np.median(heights) > JUMP_HEIGHT * motion.skeleton.height
    frames = [(round(drop * motion.fps), round((drop + JUMP_WITHIN_S) * motion.fps)) for drop in drops]
    return [bool(off_floor[start:stop].any()) for start, stop in frames]


def recognise_gestures(motion: Motion) -> list[tuple[str, float]]:
    """The keyword gestures in a motion, in order: names and instants of their apexes, seconds.

    A gesture is where joint positions above the hips, relative to the hips and their heading, are a scaled copy of
    its apex pose (both measured from the rest pose) for SHORTEST_APEX_S. `score_gestures` counts its mistakes.
    """
    rest, templates = _gesture_templates()
    shown = body(motion, UPPER_JOINTS) - rest
    best = best_template(_flat(shown), _flat(templates), GESTURE)
    names = list(gesture_poses())
    runs: list[tuple[str, int, int]] = []
    changes = np.flatnonzero(np.diff(best, prepend=-1, append=-1))
    for start, stop in pairwise(changes.tolist()):
        if best[start] < 0:
            continue
        name = names[best[start]]
        if runs and runs[-1][0] == name and start - runs[-1][2] < SAME_GESTURE_S * motion.fps:
            start = runs.pop()[1]
        runs.append((name, start, stop))
    least = SHORTEST_APEX_S * motion.fps
    return [(name, (start + stop - 1) / 2 / motion.fps) for name, start, stop in runs if stop - start >= least]


def score_gestures(
    found: Sequence[tuple[str, float]], called: Sequence[tuple[str, float]], duration_s: float, within_s: float = 1.0
) -> dict[str, float]:
    """The part of the `called` gestures (name, instant) `found` within `within_s`, and the false alarms a minute."""
    missing = list(called)
    for name, instant in found:
        near = [each for each in missing if each[0] == name and abs(each[1] - instant) <= within_s]
        if near:
            missing.remove(min(near, key=lambda each: abs(each[1] - instant)))
    hits = len(called) - len(missing)
    return {"recall": hits / max(1, len(called)), "false_alarms_per_minute": (len(found) - hits) * 60 / duration_s}


def body(motion: Motion, names: Sequence[str] = JOINTS) -> np.ndarray:
    """Positions (frames, joints, 3) of the named joints from the hips and their heading, over their bones' length."""
    joints = [motion.skeleton.index(name) for name in names]
    positions = joint_positions(motion)
    ahead = rotation.yaw(-rotation.heading(motion.rotations[:, 0]))
    bones = np.linalg.norm(motion.skeleton.offsets[joints], axis=-1).sum()
    return rotation.mul_vec(ahead[:, None], positions[:, joints] - positions[:, :1]) / bones


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


@cache
def _gesture_templates() -> tuple[np.ndarray, np.ndarray]:
    """The rest pose (joints, 3) of the joints above the hips and each gesture's displacement from it."""
    poses = np.stack([rest_pose(), *(rest_pose() + apex for apex in gesture_poses().values())])
    shown = body(solve(poses, 1.0), UPPER_JOINTS)
    return shown[0], shown[1:] - shown[0]


def _flat(values: np.ndarray) -> np.ndarray:
    return values.reshape(len(values), -1)
