"""Feet that stand do not slide: contacts by height and speed, held in place by bending the legs."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_closing, binary_opening, gaussian_filter1d

from analysis.render.stance import Stance, stance_of
from feature_extraction.motion import rotation
from feature_extraction.motion.skeleton import Motion, joint_positions
from inference.legs import Leg, legs_of, reach_for

STANDING = 0.05  # quantile of a point's own height at which it stands
LOW = 0.03  # body heights above that height, 5 cm of a person
SLOW = 0.3  # body heights a second, half a metre of a person
SMOOTHED_S = 0.05  # standard deviation of the smoothing of speeds
SHORTEST_S = 0.1  # contacts and gaps between them that are shorter are none
FARTHEST = 0.1  # body heights; a foot that has slid so far has taken a step, and none is moved farther
BLEND_S = 0.15  # the time in which a foot goes back to its own way


@dataclass(frozen=True)
class Hold:
    """A point of a foot that stays where it is in the frames [start, stop)."""

    start: int
    stop: int
    point: int


def lock_feet(motion: Motion) -> Motion:
    """The motion with feet that stay where they stand; the legs bend for it, hips and all else move as before.

    A foot stands where its toe or its ankle is low and slow. It is held at its mean place in this time; before and
    after, within 0.15 s, it goes over to its own way. No foot is moved farther than 0.1 body heights, and all other
    frames stay as they are.

    Raises:
        ValueError: if no legs are found in the skeleton.
    """
    points = joint_positions(motion, end_sites=True)
    stance = stance_of(motion, points)
    placed = stance.place(points)
    for leg in legs_of(stance.tree, motion.skeleton):
        moved = _displacement(placed, leg, motion.fps)
        chosen = np.abs(moved).max(axis=1) > 0
        targets = points[:, leg.ankle] + _as_in_file(stance, moved)
        motion = reach_for(motion, leg, targets, chosen)
    return motion


def contacts(placed: np.ndarray, fps: float) -> np.ndarray:
    """In which frames (frames,) a point stands, whose places (frames, 3) are in body heights, y up."""
    height = placed[:, 1] - np.quantile(placed[:, 1], STANDING)
    smooth = gaussian_filter1d(placed, SMOOTHED_S * fps, axis=0, mode="nearest")
    speed = np.linalg.norm(np.gradient(smooth, axis=0), axis=-1) * fps if len(placed) > 1 else np.zeros(1)
    standing = (height < LOW) & (speed < SLOW)
    least = np.ones(max(round(SHORTEST_S * fps), 1), dtype=bool)
    padded = np.pad(standing, len(least), mode="edge")
    return binary_opening(binary_closing(padded, least), least)[len(least) : -len(least)]


def _displacement(placed: np.ndarray, leg: Leg, fps: float) -> np.ndarray:
    """How far (frames, 3) the foot is to be moved, in body heights: fully where it stands, fading out elsewhere."""
    moved = np.zeros((len(placed), 3))
    standing = np.zeros(len(placed), dtype=bool)
    for holds in _stances(placed, leg, fps):
        for hold, anchor in _anchors(placed, holds):
            frames = slice(hold.start, hold.stop)
            moved[frames] = anchor - placed[frames, hold.point]
            standing[frames] = True
    moved *= np.minimum(1.0, FARTHEST / np.maximum(np.linalg.norm(moved, axis=1), FARTHEST))[:, None]
    return moved + _faded(moved, standing, max(round(BLEND_S * fps), 1))


def _stances(placed: np.ndarray, leg: Leg, fps: float) -> Iterator[list[Hold]]:
    """The holds of each time that a foot stands, one after the other without a gap; the toe goes before the ankle."""
    held = np.full(len(placed), -1)
    for point in (leg.ankle, leg.toe):
        held[contacts(placed[:, point], fps)] = point
    _break_at_steps(placed, held, max(round(BLEND_S * fps), 1))
    edges = np.flatnonzero(np.diff(held, prepend=-2, append=-2))
    holds: list[Hold] = []
    for start, stop in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if held[start] >= 0:
            holds.append(Hold(start, stop, int(held[start])))
        elif holds:
            yield holds
            holds = []
    if holds:
        yield holds


def _break_at_steps(placed: np.ndarray, held: np.ndarray, pause: int) -> None:
    """Let go, for `pause` frames, of points that have gone too far from where they were taken hold of."""
    frame = start = 0
    while frame < len(held):
        point = held[frame]
        if point < 0 or point != held[start]:
            start = frame
        elif np.linalg.norm(placed[frame, point] - placed[start, point]) > FARTHEST:
            held[frame : frame + pause] = -1
        frame += 1


def _anchors(placed: np.ndarray, holds: list[Hold]) -> list[tuple[Hold, np.ndarray]]:
    """Where each hold keeps its point: the longest at its mean place, its neighbours so that the foot does not jump."""
    longest = max(range(len(holds)), key=lambda number: holds[number].stop - holds[number].start)
    first = holds[longest]
    anchors = {longest: placed[first.start : first.stop, first.point].mean(axis=0)}
    for number in range(longest + 1, len(holds)):
        before, frame = holds[number - 1], holds[number].start
        anchors[number] = placed[frame, holds[number].point] + anchors[number - 1] - placed[frame, before.point]
    for number in range(longest - 1, -1, -1):
        after, frame = holds[number + 1], holds[number].stop - 1
        anchors[number] = placed[frame, holds[number].point] + anchors[number + 1] - placed[frame, after.point]
    return [(hold, anchors[number]) for number, hold in enumerate(holds)]


def _faded(moved: np.ndarray, standing: np.ndarray, blend: int) -> np.ndarray:
    """What is left of the displacement between stances: that of their ends, fading out within `blend` frames."""
    faded = np.zeros_like(moved)
    frames = np.arange(len(moved))
    edges = np.flatnonzero(np.diff(standing.astype(int), prepend=1, append=1))
    for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        inside = frames[start:stop]
        width = min(blend, stop - start + 1)
        if start > 0:
            faded[inside] += moved[start - 1] * _ramp((inside - start + 1) / width)[:, None]
        if stop < len(moved):
            faded[inside] += moved[stop] * _ramp((stop - inside) / width)[:, None]
    return faded


def _ramp(part: np.ndarray) -> np.ndarray:
    """From 1 at 0 smoothly to 0 at 1."""
    part = np.clip(part, 0.0, 1.0)
    return 1.0 - part * part * (3.0 - 2.0 * part)


def _as_in_file(stance: Stance, steps: np.ndarray) -> np.ndarray:
    """Steps (frames, 3) in body heights as steps in the motion's own space."""
    return rotation.mul_vec(rotation.inv(stance.turn), steps) * stance.height
