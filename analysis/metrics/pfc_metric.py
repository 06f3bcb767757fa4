"""PFC: physical foot contact, large where a body is pushed along while both feet move."""

from typing import ClassVar

import numpy as np

from analysis.metrics.base_metric import DOWN, LOWEST, NOT_NEGATIVE, SAME, UP, ClipMetric
from analysis.metrics.clip import Clip, positions_at
from analysis.metrics.feet import LEVEL_AXES, UP_AXIS
from analysis.metrics.roles import need_roles

FPS = 30.0
PIECE_S = 5.0
"""EDGE's rate and length of clip: the score falls with either."""
SCALE = 1e4
PARTS = ("root", "lankle", "ltoes", "rankle", "rtoes")


class PfcMetric(ClipMetric):
    """Mean over frames of the root's acceleration over its greatest, times the slower joint's speed of each foot, 1e4.

    EDGE (arXiv:2211.10658): downward acceleration, which gravity gives, does not count. Clips are brought to 30 fps and
    cut into pieces of 5 s; foot speeds are in metres per second. The variant `published` has them in metres per frame
    and takes clips whole, at their own rate.
    """

    title: ClassVar[str] = "physical foot contact"
    unit: ClassVar[str] = "1e-4 (m/s)²"
    best: ClassVar[str] = LOWEST
    bounds: ClassVar[tuple[float, float]] = NOT_NEGATIVE
    variants: ClassVar[tuple[str, ...]] = ("", "published")
    effects: ClassVar[dict[str, str]] = {
        "translation": SAME,
        "heading": SAME,
        "mirroring": SAME,
        "noise": UP,
        "freezing": DOWN,
        "mismatch": SAME,
    }

    def measure(self, clip: Clip) -> float:
        """Give the score of one clip, the mean of its pieces'."""
        joints = need_roles(clip.joints, PARTS, self.title)
        if self.variant:
            return contact_score(clip.positions[:, joints], clip.fps, foot_fps=1.0)
        pieces = clip.pieces(PIECE_S) or [clip]
        return float(
            np.mean([contact_score(positions_at(piece, FPS)[:, joints], FPS, foot_fps=FPS) for piece in pieces])
        )


def contact_score(positions: np.ndarray, fps: float, *, foot_fps: float) -> float:
    """Give the score of (frames, 5, 3): root, then ankle and toes of each foot, y up; nan for fewer than 3 frames.

    `foot_fps` makes a foot's displacement per frame its speed.
    """
    if len(positions) < 3:
        return float("nan")
    acceleration = np.diff(positions[:, 0], n=2, axis=0) * fps**2
    acceleration[:, UP_AXIS] = np.maximum(acceleration[:, UP_AXIS], 0.0)
    size = np.linalg.norm(acceleration, axis=-1)
    feet = np.linalg.norm(np.diff(positions[1:, 1:], axis=0)[..., LEVEL_AXES], axis=-1) * foot_fps
    slower = feet.reshape(len(feet), 2, 2).min(axis=-1)
    return float((size / max(size.max(), np.finfo(float).tiny) * slower.prod(axis=-1)).mean() * SCALE)
