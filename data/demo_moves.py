"""The eight moves of the demo dances: one bar each, from the common stance and back, a key pose on every beat."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from data.demo_rig import COLUMNS, SIDES, STANCE_BALL, Direction, Part, arm, bend, pose

BEATS_PER_BAR = 4
RISE_CM = 3.5
"""How far the hips come up between two beats of the same height."""
STEP_LIFT_CM = 7.0
"""How high a stepping foot is lifted."""

Arm = tuple[Direction, Direction]

HIGH: Arm = ((0.45, 0.85, 0.2), (0.25, 0.95, 0.1))
ACROSS_LOW: Arm = ((-0.1, -0.85, 0.5), (-0.6, -0.5, 0.6))
WIDE: Arm = ((0.95, 0.05, 0.2), (0.9, 0.25, 0.3))
PUSH: Arm = ((0.15, 0.05, 1.0), (0.05, 0.25, 1.0))
PUNCH: Arm = ((-0.1, 0.0, 1.0), (-0.2, 0.1, 1.0))
DRAWN_BACK: Arm = ((0.35, -0.75, -0.55), (0.05, -0.05, 1.0))
GUARD: Arm = ((0.1, -0.75, 0.6), (-0.25, 0.9, 0.3))
ACROSS_BODY: Arm = ((-0.5, -0.2, 0.8), (-0.95, -0.1, 0.3))
ON_HIP: Arm = ((0.75, -0.65, -0.3), (-0.75, -0.55, 0.35))
BEHIND_HEAD: Arm = ((0.85, 0.35, -0.1), (-0.5, 0.6, -0.5))
ON_KNEE: Arm = ((0.1, -0.8, 0.6), (0.05, -0.75, 0.65))
SWING_FORWARD: Arm = ((0.1, -0.25, 1.0), (-0.15, 0.85, 0.6))
SWING_BACK: Arm = ((0.3, -0.6, -0.8), (0.15, -0.75, -0.1))
DIAGONAL: Arm = ((0.6, 0.6, 0.5), (0.55, 0.75, 0.35))
OVERHEAD_IN: Arm = ((0.3, 0.95, 0.15), (-0.6, 0.8, 0.1))
PRAYER: Arm = ((0.65, -0.6, 0.45), (-0.8, 0.45, 0.45))
DOWN_OUT: Arm = ((0.6, -0.8, 0.1), (0.55, -0.8, 0.25))


@dataclass(frozen=True)
class Move:
    """Pose vectors of one move: `keys` (5, WIDTH) on the beats, `passes` (4, WIDTH) half way between them."""

    keys: np.ndarray
    passes: np.ndarray


@cache
def moves() -> dict[str, Move]:
    """The eight moves by name."""
    return {name: _move(keys) for name, keys in _key_poses().items()}


def _key_poses() -> dict[str, list[np.ndarray]]:
    """Poses on beats 2, 3, 4 and, where it is not the stance, on the next bar's first."""
    return {
        "reach": [
            _pose(HIGH, HIGH, hips=(0, -1, 0), chest=bend(-8), head=bend(-6)),
            _pose(ACROSS_LOW, ACROSS_LOW, hips=(0, -8, -5), chest=bend(24), head=bend(6)),
            _pose(PUSH, PUSH, hips=(0, -5, -4), chest=bend(12)),
        ],
        "punch": [
            _pose(PUNCH, DRAWN_BACK, hips=(3, -4, 9), chest=bend(6, -28), left_foot=(2, 0, 24)),
            _pose(DRAWN_BACK, PUNCH, hips=(3, -5, 9), chest=bend(8, 30), left_foot=(2, 0, 24)),
            _pose(GUARD, GUARD, hips=(2, -9, 6), chest=bend(18), left_foot=(2, 0, 24)),
        ],
        "sweep": [
            _pose(ACROSS_BODY, WIDE, hips=(-17, -7, 0), chest=bend(4, -25, -12), right_foot=(-30, 0, 0)),
            _pose(ON_KNEE, ON_KNEE, hips=(0, -7, -4), chest=bend(28)),
            _pose(WIDE, ACROSS_BODY, hips=(17, -7, 0), chest=bend(4, 25, 12), left_foot=(30, 0, 0)),
        ],
        "kick": [
            _pose(SWING_BACK, PUNCH, hips=(-7, -2, -3), chest=bend(-6, 22), left_foot=(-6, 52, 52), left_heel=-0.2),
            _pose(DOWN_OUT, DOWN_OUT, hips=(0, -5, 0), chest=bend(10)),
            _pose(HIGH, WIDE, hips=(7, -2, 0), chest=bend(0, 0, 14), right_foot=(-46, 34, -4), right_heel=0.4),
        ],
        "walk": [
            _pose(SWING_BACK, SWING_FORWARD, hips=(2, -3, 15), chest=bend(8, 14), **_feet_ahead(30, 0)),
            _pose(SWING_FORWARD, SWING_BACK, hips=(-2, -3, 45), chest=bend(8, -14), **_feet_ahead(30, 60)),
            _pose(SWING_BACK, SWING_FORWARD, hips=(2, -3, 75), chest=bend(8, 14), **_feet_ahead(90, 60)),
            pose(hips=(0, 0, 90), **_feet_ahead(90, 90)),
        ],
        "turn": _turn([(ACROSS_BODY, DRAWN_BACK), (PRAYER, PRAYER), (OVERHEAD_IN, OVERHEAD_IN)]),
        "squat": [
            _pose(ON_KNEE, ON_KNEE, hips=(0, -14, -12), chest=bend(38), head=bend(-20)),
            _pose(BEHIND_HEAD, BEHIND_HEAD, hips=(0, -6, 2), chest=bend(-6)),
            _pose(ON_HIP, DIAGONAL, hips=(8, -3, 0), chest=bend(-4, -14, 10), head=bend(-10, -16)),
        ],
        "wave": [
            _pose(ON_HIP, WIDE, hips=(-5, -2, 0), chest=bend(0, 0, -10), left_foot=(8, 0, 4), left_heel=0.5),
            _pose(ON_HIP, OVERHEAD_IN, hips=(6, -3, 0), chest=bend(0, 8, 16), left_foot=(20, 0, 0)),
            _pose(ON_HIP, ACROSS_LOW, hips=(5, -6, 0), chest=bend(18, 26, 4), left_foot=(20, 0, 0)),
        ],
    }


def _pose(left: Arm, right: Arm, /, **parts: Part) -> np.ndarray:
    return pose(**arm("left", *left), **arm("right", *right), **parts)


def _feet_ahead(left: float, right: float) -> dict[str, Part]:
    return {"left_foot": (0, 0, left), "right_foot": (0, 0, right)}


def _turn(arms: list[tuple[Arm, Arm]]) -> list[np.ndarray]:
    """A quarter turn to the left on each beat, on the ball of one foot while the other steps around it."""
    balls = {side: STANCE_BALL[side][[0, 2]] for side in SIDES}
    centre = np.zeros(2)
    poses = []
    for quarter, pivot in enumerate(("right", "left", "right", "left")):
        angle = (quarter + 1) * np.pi / 2
        centre = centre + _turned(balls[pivot], quarter * np.pi / 2) - _turned(balls[pivot], angle)
        feet = {side: centre + _turned(balls[side], angle) - balls[side] for side in SIDES}
        last = quarter == BEATS_PER_BAR - 1
        parts: dict[str, Part] = {"turn": angle, "hips": (centre[0], 0 if last else -3, centre[1])}
        for side, (x, z) in feet.items():
            parts |= {f"{side}_foot": (x, 0, z), f"{side}_foot_yaw": angle}
        poses.append(pose(**parts) if last else _pose(*arms[quarter], **parts))
    return poses


def _turned(point: np.ndarray, angle: float) -> np.ndarray:
    """The floor point (x, z) turned to the left about the origin."""
    x, z = point
    return np.array([x * np.cos(angle) + z * np.sin(angle), z * np.cos(angle) - x * np.sin(angle)])


def _move(poses: list[np.ndarray]) -> Move:
    """Complete key poses to a bar, and add what people do between them: rise, and lift the foot that steps."""
    stance = pose()
    keys = np.stack([stance, *poses, *[stance] * (BEATS_PER_BAR - len(poses))])
    change = np.diff(keys, axis=0)
    drop = np.abs(change[:, COLUMNS["hips"]][:, 1])
    passes = np.tile(pose(chest=bend(-4)), (BEATS_PER_BAR, 1))
    passes[:, COLUMNS["hips"].start + 1] = RISE_CM + 0.35 * drop
    for side, sign in SIDES.items():
        foot = COLUMNS[f"{side}_foot"]
        length = np.hypot(change[:, foot.start], change[:, foot.start + 2])
        height = np.maximum(keys[1:, foot.start + 1], keys[:-1, foot.start + 1])
        steps = (length > 1) & (height < 1)
        passes[:, foot.start + 1] += steps * (STEP_LIFT_CM + 0.08 * length)
        passes[:, COLUMNS[f"{side}_heel"].start] += steps * 0.4
        passes[:, COLUMNS["hips"].start] -= steps * sign * 3.0
    return Move(keys, passes)
