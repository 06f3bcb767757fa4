"""Geometric features of a clip: how often the body is in each of 32 relations, such as a hand above the neck.

After Müller, Röder and Clausen, Efficient content-based retrieval of motion capture data (SIGGRAPH 2005), as Fairmotion
and AIST++ (arXiv:2101.08779) have them: thresholds are multiples of the lengths of a body's bones.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from analysis.metrics.roles import need_roles

HUMERUS, SHOULDERS, HIPS = 0.2568381092115207, 0.39084835854945527, 0.11924706586886204
"""Length of the upper arm, width between the shoulders, half of that between the hips: those of SMPL's body, metres."""
PUBLISHED_FPS = 120.0

JOINTS = (
    *("root", "lhip", "rhip", "belly", "lknee", "rknee", "lankle", "rankle", "chest", "ltoes", "rtoes", "neck"),
    *("lshoulder", "rshoulder", "lelbow", "relbow", "lwrist", "rwrist"),
)
UP, DOWN, ORIGIN, FLOOR = "up", "down", "origin", "floor"
"""Besides joints: points one metre above and below the origin, the origin, and the origin's place on the lowest
joint's level."""
RELATIONS = (
    # kind, what it is about, threshold or range of degrees
    ("across", ("neck", "rhip", "lhip", "rwrist"), 1.8 * HUMERUS),
    ("across", ("neck", "lhip", "rhip", "lwrist"), 1.8 * HUMERUS),
    ("beyond", ("chest", "neck", "neck", "rwrist"), 0.2 * HUMERUS),
    ("beyond", ("chest", "neck", "neck", "lwrist"), 0.2 * HUMERUS),
    ("towards", ("belly", "chest", "chest"), 1.8 * HUMERUS),
    ("towards", ("belly", "chest", "chest"), 1.8 * HUMERUS),
    ("bent", ("relbow", "rshoulder", "relbow", "rwrist"), (0, 110)),
    ("bent", ("lelbow", "lshoulder", "lelbow", "lwrist"), (0, 110)),
    ("beyond", ("lshoulder", "rshoulder", "lwrist", "rwrist"), 2.5 * SHOULDERS),
    ("towards", ("lwrist", "rwrist", "rwrist"), 1.4 * HUMERUS),
    ("towards", ("rwrist", "root", "lwrist"), 1.4 * HUMERUS),
    ("towards", ("lwrist", "root", "rwrist"), 1.4 * HUMERUS),
    ("fast", ("rwrist",), 2.5 * HUMERUS),
    ("fast", ("lwrist",), 2.5 * HUMERUS),
    ("before", ("root", "lhip", "ltoes", "rankle"), 0.38 * HUMERUS),
    ("before", ("root", "rhip", "rtoes", "lankle"), 0.38 * HUMERUS),
    ("beyond", (ORIGIN, UP, FLOOR, "rankle"), 1.2 * HUMERUS),
    ("beyond", (ORIGIN, UP, FLOOR, "lankle"), 1.2 * HUMERUS),
    ("beyond", ("lhip", "rhip", "lankle", "rankle"), 2.1 * HIPS),
    ("bent", ("rknee", "rhip", "rknee", "rankle"), (0, 110)),
    ("bent", ("lknee", "lhip", "lknee", "lankle"), (0, 110)),
    ("fast", ("rankle",), 2.5 * HUMERUS),
    ("fast", ("lankle",), 2.5 * HUMERUS),
    ("bent", ("neck", "root", "rshoulder", "relbow"), (25, 180)),
    ("bent", ("neck", "root", "lshoulder", "lelbow"), (25, 180)),
    ("bent", ("neck", "root", "rhip", "rknee"), (50, 180)),
    ("bent", ("neck", "root", "lhip", "lknee"), (50, 180)),
    ("before", ("rankle", "neck", "lankle", "root"), 0.5 * HUMERUS),
    ("bent", ("neck", "root", ORIGIN, UP), (70, 110)),
    ("beyond", (ORIGIN, DOWN, FLOOR, "rwrist"), -1.2 * HUMERUS),
    ("beyond", (ORIGIN, DOWN, FLOOR, "lwrist"), -1.2 * HUMERUS),
    ("fast", ("root",), 2.3 * HUMERUS),
)
"""The relations in the published order. The fifth and sixth were meant to follow the wrists, and do not: they are
never true, as the chest does not move away from itself."""


def geometric_features(positions: np.ndarray, joints: tuple[str, ...], fps: float) -> np.ndarray:
    """Give (32,): the part of the frames, from the second one on, in which each relation holds.

    `positions` are (frames, joints, 3) in metres, y up; speeds are those at `fps` (published values assume
    PUBLISHED_FPS whatever the clip's). ValueError where the skeleton lacks a joint.
    """
    if len(positions) < 2:
        raise ValueError(f"geometric features need 2 frames, the clip has {len(positions)}")
    positions = np.asarray(positions, dtype=np.float64)
    place = dict(zip(JOINTS, need_roles(joints, JOINTS, "geometric features"), strict=True))
    where = {name: positions[:, index] for name, index in place.items()}
    vertical = np.tile([0.0, 1.0, 0.0], (len(positions), 1))
    where |= {ORIGIN: 0.0 * vertical, UP: vertical, DOWN: -vertical}
    where[FLOOR] = positions[..., 1].min(axis=1)[:, None] * vertical
    with np.errstate(invalid="ignore", divide="ignore"):  # a direction without length: the relation does not hold
        holds = [_RELATION[kind]([where[name] for name in names], limit, fps) for kind, names, limit in RELATIONS]
    return np.stack([each[-(len(positions) - 1) :].mean() for each in holds])


def _along(values: np.ndarray, direction: np.ndarray) -> np.ndarray:
    return (values * direction).sum(axis=-1) / np.linalg.norm(direction, axis=-1)


def _before(at: list[np.ndarray], limit: float, fps: float) -> np.ndarray:
    """The fourth point is so far in front of the plane through the others."""
    a, b, c, point = at
    return _along(point - a, np.cross(c - a, b - a)) > limit


def _beyond(at: list[np.ndarray], limit: float, fps: float) -> np.ndarray:
    """The fourth point is so far beyond the third, in the direction from the first to the second."""
    start, end, a, point = at
    return _along(point - a, end - start) > limit


def _bent(at: list[np.ndarray], limit: tuple[float, float], fps: float) -> np.ndarray:
    """The angle between the directions from the first point to the second and from the third to the fourth."""
    one, other = at[1] - at[0], at[3] - at[2]
    lengths = np.linalg.norm(one, axis=-1) * np.linalg.norm(other, axis=-1)
    angle = np.degrees(np.arccos((one * other).sum(axis=-1) / lengths))
    return (angle > limit[0]) & (angle < limit[1])


def _fast(at: list[np.ndarray], limit: float, fps: float) -> np.ndarray:
    """A point moves so fast."""
    return np.linalg.norm(np.diff(at[0], axis=0), axis=-1) * fps > limit


def _towards(at: list[np.ndarray], limit: float, fps: float) -> np.ndarray:
    """The third point moves so fast, as seen from the first, in the direction from the first to the second."""
    start, end, point = at
    return _along(np.diff(point - start, axis=0), (end - start)[1:]) * fps > limit


def _across(at: list[np.ndarray], limit: float, fps: float) -> np.ndarray:
    """The fourth point moves so fast, as seen from the first, across the plane through the first three."""
    a, b, c, point = at
    return _along(np.diff(point - a, axis=0), np.cross(c - a, b - a)[1:]) * fps > limit


_RELATION: dict[str, Callable[[list[np.ndarray], Any, float], np.ndarray]] = {
    "before": _before,
    "beyond": _beyond,
    "bent": _bent,
    "fast": _fast,
    "towards": _towards,
    "across": _across,
}
