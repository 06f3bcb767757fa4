"""Beat offset: how long before or after the music's beats the hips sink fastest."""

from typing import ClassVar

import numpy as np
from scipy.ndimage import gaussian_filter1d

from analysis.metrics.base_metric import LOWEST, NOT_NEGATIVE, SAME, UP, ClipMetric
from analysis.metrics.beats import FPS, distances, minima
from analysis.metrics.clip import Clip, positions_at
from analysis.metrics.roles import need_roles

SMOOTHING_S = 0.05
UP_AXIS = 1


class BeatOffsetMetric(ClipMetric):
    """Mean time from a beat of the music to the nearest kinematic beat, a minimum of the velocity of the hips' height.

    Transflower, arXiv:2106.13871, table 3. Compare with real motion and with the motion of another song: a kinematic
    beat can be no further than half of their distance.
    """

    title: ClassVar[str] = "beat offset"
    unit: ClassVar[str] = "s"
    best: ClassVar[str] = LOWEST
    bounds: ClassVar[tuple[float, float]] = NOT_NEGATIVE
    reads: ClassVar[tuple[str, ...]] = ("positions", "beats_s")
    effects: ClassVar[dict[str, str]] = {
        "translation": SAME,
        "heading": SAME,
        "frame_rate": SAME,
        "mirroring": SAME,
        "mismatch": UP,
    }

    def measure(self, clip: Clip) -> float:
        """Give the offset of one clip; nan where the hips never sink or the music has no beat."""
        assert clip.beats_s is not None, "refused before"
        kinematic = kinematic_beats(clip)
        if not len(kinematic) or not len(clip.beats_s):
            return float("nan")
        return float(distances(clip.beats_s, kinematic).mean())


def kinematic_beats(clip: Clip) -> np.ndarray:
    """Give the instants at which the hips sink fastest, in seconds."""
    [root] = need_roles(clip.joints, ["root"], "beat offset")
    height = positions_at(clip, FPS)[:, root, UP_AXIS]
    velocity = gaussian_filter1d(np.diff(height) * FPS, SMOOTHING_S * FPS, mode="reflect")
    return minima(velocity, FPS) + 0.5 / FPS
