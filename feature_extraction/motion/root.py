"""The root's way over the floor as steps in the direction it faces, and back. The axis y is up."""

import numpy as np

from feature_extraction.motion import rotation

UP = 1
FLOOR = [0, 2]
"""The horizontal axes x and z."""


def encode(rotations: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give steps (frames, 3), the rotations without heading (frames, 4), and where it began: (x, z, heading).

    A step is (dX, dZ, dYrotation): the way from the frame before in the frame of this one's heading, in the
    skeleton's unit, and the turn in radians, within +-pi. The first frame's step repeats the second's (it is not used
    on the way back); it is zero when there is one frame only.
    `rotations` (frames, 4) and `positions` (frames, 3) are the root's in the world.
    """
    heading = rotation.heading(rotations)
    facing = rotation.yaw(-heading)
    way = rotation.mul_vec(facing[1:], np.diff(positions, axis=0))[:, FLOOR]
    turn = np.diff(heading)
    turn -= 2 * np.pi * np.round(turn / (2 * np.pi))
    steps = np.column_stack([way, turn])
    steps = np.concatenate([steps[:1] if len(steps) else np.zeros((1, 3)), steps])
    return steps, rotation.mul(facing, rotations), np.array([*positions[0, FLOOR], heading[0]])


def decode(
    steps: np.ndarray, heights: np.ndarray, rotations: np.ndarray, start: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Give the root's rotations (frames, 4) and positions (frames, 3) in the world.

    `steps` (frames, 3) and `rotations` (frames, 4) are as `encode` gives them, `heights` (frames) is y, `start` is
    (x, z, heading) of the first frame, whose own step is ignored.
    """
    heading = start[2] + np.concatenate([[0.0], np.cumsum(steps[1:, 2])])
    facing = rotation.yaw(heading)
    way = np.zeros((len(steps), 3))
    way[1:, FLOOR] = steps[1:, :2]
    positions = np.cumsum(rotation.mul_vec(facing, way), axis=0)
    positions[:, FLOOR] += start[:2]
    positions[:, UP] = heights
    return rotation.mul(facing, rotations), positions
