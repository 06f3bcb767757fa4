"""Beat F-measure: how many motion beats and beats of the music are pairs."""

from typing import ClassVar

from analysis.metrics.base_metric import DOWN, HIGHEST, SAME, SHARE, ClipMetric
from analysis.metrics.beat_tracking import f_measure
from analysis.metrics.beats import motion_beats
from analysis.metrics.clip import Clip


class BeatFMeasureMetric(ClipMetric):
    """F-measure of motion beats as tracked beats of the music, within 70 ms; both misses and jitter lower it."""

    title: ClassVar[str] = "beat F-measure"
    unit: ClassVar[str] = "0 to 1"
    best: ClassVar[str] = HIGHEST
    bounds: ClassVar[tuple[float, float]] = SHARE
    reads: ClassVar[tuple[str, ...]] = ("positions", "beats_s")
    effects: ClassVar[dict[str, str]] = {
        "translation": SAME,
        "heading": SAME,
        "frame_rate": SAME,
        "mirroring": SAME,
        "freezing": DOWN,
        "mismatch": DOWN,
        "reversal": DOWN,
    }

    def measure(self, clip: Clip) -> float:
        """Give the score of one clip."""
        assert clip.beats_s is not None, "refused before"
        return f_measure(clip.beats_s, motion_beats(clip))
