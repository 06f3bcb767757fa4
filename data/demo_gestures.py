"""How a demo speech is gesticulated: keywords call gestures of their own, stressed syllables beats of the hands."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from data.demo_motion import phase, track, with_noise
from data.demo_rig import COLUMNS, SIDES, WIDTH, Direction, arm, bend, pose, solve
from data.demo_speech import DURATION_S, KEYWORDS, Recording
from feature_extraction.motion.skeleton import Motion

FPS = 30.0
GESTURE_PROBABILITY = 0.85
APEX_DELAY_S, APEX_SD_S, LARGEST_DELAY_S = 0.15, 0.12, 0.6
"""How long after the beginning of its word a gesture has its apex: mean, standard deviation, and at most."""
HOLD_S = 0.16
PREPARE_S = 0.45
RETRACT_S = 0.6
SIZE_SPREAD = 0.1
"""Each recording's gestures are larger or smaller by at most this part."""
BEAT_HANDS = {"right": 0.5, "left": 0.2, "both": 0.3}
BEAT_RAISE_S, BEAT_REBOUND_S = 0.3, 0.2
BEAT_FLEXION = np.radians(28)
NOD = np.radians(5)
SHIFT_S = (2.5, 5.0)
"""How long a shift of weight takes."""

REST = ((0.25, -0.95, -0.05), (-0.35, -0.2, 0.9))
"""Directions of upper arm and forearm of a speaker whose hands wait in front of the belly."""


@dataclass(frozen=True)
class Performance:
    """What the hands do: `gestures` as (name, start of the word, apex), `beats` as (instant, hands); seconds."""

    gestures: tuple[tuple[str, float, float], ...]
    beats: tuple[tuple[float, str], ...]


def plan(recording: Recording, seed: int) -> Performance:
    """Which gestures and beats a performance of the recording has; seed 0 is the corpus's own.

    A keyword calls its gesture with GESTURE_PROBABILITY; a stressed syllable calls a beat while no gesture is made.
    """
    return _plan(recording, np.random.default_rng([recording.seed, seed]))


def gesticulate(recording: Recording, seed: int) -> Motion:
    """A valid performance of the recording at 30 fps, its gestures those of `plan(recording, seed)`."""
    rng = np.random.default_rng([recording.seed, seed])
    performance = _plan(recording, rng)
    size = rng.uniform(1 - SIZE_SPREAD, 1 + SIZE_SPREAD)
    at = np.arange(round(DURATION_S * FPS)) / FPS
    controls = rest_pose() + _body(rng, at) + size * _gesture_track(performance, at)
    for instant, hands in performance.beats:
        for side in SIDES if hands == "both" else [hands]:
            _add_beat(controls, at, instant, side, size)
    for instant in recording.stresses:
        controls[:, COLUMNS["head"].start] += NOD * _swell((at - instant) / 0.25 + 0.5)
    return with_noise(solve(controls, FPS), rng)


@cache
def rest_pose() -> np.ndarray:
    """The pose vector of a speaker who waits."""
    return _pose(hips=(0, 3, 0))


@cache
def gesture_poses() -> dict[str, np.ndarray]:
    """The pose vector of each gesture's apex, by name, measured from the rest pose."""
    wide = ((0.8, -0.1, 0.45), (0.85, 0.5, 0.3))
    ahead = ((0.1, -0.25, 1.0), (-0.05, 0.05, 1.0))
    high = ((0.5, -0.2, 0.55), (0.05, 1.0, 0.1))
    palms = ((0.1, -0.35, 0.95), (0.0, -0.05, 1.0))
    on_chest = ((0.4, -0.85, 0.25), (-0.85, 0.35, 0.4))
    away = ((0.85, -0.2, 0.1), (0.95, 0.15, 0.0))
    at_temple = ((0.35, -0.35, 0.8), (-0.3, 0.9, -0.35))
    on_hip = ((0.75, -0.65, -0.3), (-0.75, -0.55, 0.35))
    poses = {
        "spread": _pose(wide, wide, chest=bend(-6)),
        "point": _pose(right=ahead, chest=bend(4, 12)),
        "raise": _pose(right=high, chest=bend(-2, 0, 4)),
        "push": _pose(palms, palms, chest=bend(5)),
        "chest": _pose(right=on_chest, chest=bend(-3)),
        "aside": _pose(left=away, chest=bend(0, 18), head=bend(0, 12)),
        "temple": _pose(left=at_temple, chest=bend(6), head=bend(6, 0, 8)),
        "akimbo": _pose(on_hip, on_hip, chest=bend(-4), head=bend(0, 0, 10)),
    }
    return {name: value - _pose() for name, value in poses.items()}


def _pose(
    left: tuple[Direction, Direction] = REST, right: tuple[Direction, Direction] = REST, **parts: np.ndarray | Direction
) -> np.ndarray:
    return pose(**arm("left", *left), **arm("right", *right), **parts)


def _plan(recording: Recording, rng: np.random.Generator) -> Performance:
    gestures = []
    for word, start_s, _ in recording.keywords:
        delay = np.clip(rng.normal(APEX_DELAY_S, APEX_SD_S), -LARGEST_DELAY_S, LARGEST_DELAY_S)
        if rng.random() < GESTURE_PROBABILITY:
            gestures.append((KEYWORDS[word], start_s, round(float(start_s + delay), 3)))
    beats = []
    for instant in recording.stresses:
        hands = str(rng.choice(list(BEAT_HANDS), p=list(BEAT_HANDS.values())))
        busy = any(-PREPARE_S - 0.3 < instant - apex < RETRACT_S + 0.2 for _, _, apex in gestures)
        if not busy:
            beats.append((round(instant, 3), hands))
    return Performance(tuple(gestures), tuple(beats))


def _gesture_track(performance: Performance, at: np.ndarray) -> np.ndarray:
    """Pose vectors (frames, WIDTH) from the rest pose: prepare, hold, retract; straight on where time is short."""
    times, keys = [-1.0], [np.zeros(WIDTH)]
    for name, _, apex in performance.gestures:
        if apex - PREPARE_S - HOLD_S / 2 > times[-1] + (RETRACT_S if len(times) > 1 else 0.0):
            if len(times) > 1:
                times.append(times[-1] + RETRACT_S)
                keys.append(keys[0])
            times.append(apex - HOLD_S / 2 - PREPARE_S)
            keys.append(keys[0])
        times += [apex - HOLD_S / 2, apex + HOLD_S / 2]
        keys += [gesture_poses()[name]] * 2
    times.append(times[-1] + RETRACT_S)
    keys.append(keys[0])
    return track(np.stack(keys), np.zeros((len(keys) - 1, WIDTH)), phase(np.array(times), at))


def _body(rng: np.random.Generator, at: np.ndarray) -> np.ndarray:
    """Weight shifted from foot to foot now and then, (frames, WIDTH); the feet stay."""
    times = np.cumsum(rng.uniform(*SHIFT_S, int(DURATION_S / SHIFT_S[0]) + 2)) - SHIFT_S[1]
    lean = rng.uniform(-1, 1, (len(times), 2))
    keys = np.stack(
        [pose(hips=(4 * x, -abs(x), 0), pelvis=bend(0, 6 * y, 2 * x), chest=bend(0, 3 * y)) for x, y in lean]
    )
    return track(keys, np.zeros((len(keys) - 1, WIDTH)), phase(times, at))


def _add_beat(controls: np.ndarray, at: np.ndarray, instant: float, side: str, size: float) -> None:
    """Raise a forearm and let it fall: it stops at `instant`, a little below where it began."""
    raised = _swell((at - instant) / BEAT_RAISE_S + 1) - 0.4 * _swell((at - instant) / BEAT_REBOUND_S + 0.5)
    controls[:, COLUMNS[f"{side}_forearm"].start + 1] -= SIDES[side] * size * BEAT_FLEXION * raised
    controls[:, COLUMNS[f"{side}_arm"].start + 1] -= SIDES[side] * size * BEAT_FLEXION / 4 * raised


def _swell(x: np.ndarray) -> np.ndarray:
    """A hill of height 1 over x from 0 to 1, 0 elsewhere."""
    return np.where((x > 0) & (x < 1), np.sin(np.pi * x) ** 2, 0.0)
