"""Motion beats per second: what beat alignment is to be read beside."""

from typing import ClassVar

from analysis.metrics.base_metric import DOWN, NOT_NEGATIVE, REAL, SAME, ClipMetric
from analysis.metrics.beats import motion_beats
from analysis.metrics.clip import Clip


class MotionBeatsMetric(ClipMetric):
    """How many minima the smoothed mean joint speed has in a second; jitter adds some."""

    title: ClassVar[str] = "motion beats"
    unit: ClassVar[str] = "1/s"
    best: ClassVar[str] = REAL
    bounds: ClassVar[tuple[float, float]] = NOT_NEGATIVE
    effects: ClassVar[dict[str, str]] = {
        "translation": SAME,
        "heading": SAME,
        "frame_rate": SAME,
        "mirroring": SAME,
        "reversal": SAME,
        "freezing": DOWN,
        "mismatch": SAME,
    }

    def measure(self, clip: Clip) -> float:
        """Give the rate of one clip; nan where it is one frame long."""
        return len(motion_beats(clip)) / clip.duration_s if clip.duration_s else float("nan")
