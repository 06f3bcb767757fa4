"""Feet on the floor: where the floor is, when a foot touches it, and how fast it slides meanwhile."""

import numpy as np

UP_AXIS, LEVEL_AXES = 1, (0, 2)
ANKLE_HEIGHT_M, TOE_HEIGHT_M = 0.08, 0.05
"""LODGE (arXiv:2403.10518): a foot whose joints are no higher than this over the floor touches it."""
SLIDING_M_S = 0.3
"""LODGE's centimetre per frame, at 30 frames a second."""
LOW = 0.05


def floor_height(feet: np.ndarray) -> float:
    """Give the height of the floor below (frames, joints, 3) of feet: low, but not the very lowest of rare frames."""
    return float(np.quantile(feet[..., UP_AXIS].min(axis=1), LOW))


def sliding(
    ankle: np.ndarray,
    toe: np.ndarray,
    fps: float,
    *,
    floor: float = 0.0,
    ankle_height: float = ANKLE_HEIGHT_M,
    toe_height: float = TOE_HEIGHT_M,
    fastest: float = SLIDING_M_S,
) -> tuple[int, int]:
    """Give in how many frames a foot touches the floor, and in how many of them it slides.

    A frame slides when ankle or toe move faster than `fastest` (metres per second, along the floor) up to the next
    one. `ankle` and `toe` are (frames, 3) in metres, y up.
    """
    contact = (ankle[:, UP_AXIS] - floor <= ankle_height) & (toe[:, UP_AXIS] - floor <= toe_height)
    speeds = [np.linalg.norm(np.diff(joint[:, LEVEL_AXES], axis=0), axis=-1) * fps for joint in (ankle, toe)]
    slides = np.maximum(*speeds) > fastest
    return int(contact.sum()), int((slides & contact[:-1]).sum())
