"""What a metric promises: a number for a set of clips, of their own or beside real ones, and what moves that number."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from analysis.metrics.clip import Clip

UP, DOWN, SAME = "up", "down", "same"
LOWEST, HIGHEST, REAL = "lowest", "highest", "like real motion"
SHARE, NOT_NEGATIVE = (0.0, 1.0), (0.0, float("inf"))


class BaseMetric(ABC):
    """A number for a set of clips.

    It is made in two steps, so that sets can be resampled at no cost: `describe` gives what the metric needs of one
    clip, `score` the number of any selection of such descriptions. A metric that has to be trained is first fitted.
    Instances do not change.
    """

    title: ClassVar[str]
    """A few words for a table."""
    unit: ClassVar[str]
    best: ClassVar[str]
    """Which value is best: LOWEST, HIGHEST, or the nearest to that of REAL motion."""
    bounds: ClassVar[tuple[float, float]] = (-float("inf"), float("inf"))
    """The least and greatest value that there can be."""
    reads: ClassVar[tuple[str, ...]] = ("positions",)
    """The fields of a clip that are read."""
    compares: ClassVar[bool] = False
    """Whether the number is about a set beside a set of real clips."""
    paired: ClassVar[bool] = False
    """Whether each clip is compared with the real one of the same sequence."""
    variants: ClassVar[tuple[str, ...]] = ("",)
    """Ways to compute it, the right one first; the others are as they were published, faults included."""
    effects: ClassVar[Mapping[str, str]] = {}
    """What a change of the clips does to the number: UP, DOWN or SAME (an invariance).

    The changes: `translation`, `heading` (turning about the vertical), `frame_rate` (the same motion in twice the
    frames), `noise`, `freezing`, `reversal` in time, `mirroring`, `mismatch` (another sequence's music or partner),
    `blending` (with another dance to the same music).
    """

    def __init__(self, variant: str = ""):
        if variant not in self.variants:
            known = ", ".join(each for each in self.variants if each)
            raise LookupError(f"{type(self).__name__} has no variant {variant!r}; there are: {known or 'none'}")
        self.variant = variant

    def fit(self, clips: Sequence[Clip]) -> Self:
        """Give the metric trained on real clips; most need no training."""
        return self

    @abstractmethod
    def describe(self, clip: Clip) -> Any:
        """Give what `score` needs of a clip."""

    @abstractmethod
    def score(self, generated: Sequence[Any], real: Sequence[Any] = ()) -> float:
        """Give the number of a set of descriptions; nan where there is nothing to say.

        ValueError where there are too few.
        """

    def truth(self, real: Sequence[Any]) -> float | None:
        """Give the number that is known to be right for such motion; None where that of real motion stands for it."""
        return None

    def redraw(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Give `count` places of descriptions, drawn with replacement from as many: a set for an interval.

        ValueError where there are too few.
        """
        if count < 2:
            raise ValueError(f"{self.title}: an interval needs two clips; there is {count}")
        return rng.integers(count, size=count)

    def left_out(self, described: Sequence[Any]) -> int:
        """Give how many of the descriptions say nothing, so that the number is that of the others."""
        return 0

    def value(self, generated: Sequence[Clip], real: Sequence[Clip] = ()) -> float:
        """Give the number of a set of clips; ValueError saying why where they do not fit the metric."""
        self.refuse([*generated, *real])
        return self.score([self.describe(each) for each in generated], [self.describe(each) for each in real])

    @classmethod
    def definition(cls) -> str:
        """Give what the metric says of itself in its first paragraph, on one line."""
        return " ".join((cls.__doc__ or "").split("\n\n")[0].split())

    def refuse(self, clips: Sequence[Clip]) -> None:
        """Raise ValueError where clips lack what the metric reads, hold no numbers, or differ in rate or joints."""
        if not clips:
            raise ValueError(f"{self.title}: there are no clips")
        for name in self.reads:
            for clip in clips:
                if getattr(clip, name) is None:
                    raise ValueError(f"{self.title} reads {name}, which {clip.sequence_id} does not have")
                if not clip.is_finite(name):
                    raise ValueError(f"{self.title} reads {name}, which are not finite in {clip.sequence_id}")
        empty = [clip.sequence_id for clip in clips if not clip.frames]
        if empty:
            raise ValueError(f"{self.title}: {empty[0]} has no frames")
        rates = sorted({clip.fps for clip in clips})
        if len(rates) > 1:
            raise ValueError(f"{self.title}: clips have {rates[0]:g} and {rates[-1]:g} frames a second")
        if len({clip.joints for clip in clips}) > 1:
            raise ValueError(f"{self.title}: clips have different joints; compare motion of one skeleton")


class ClipMetric(BaseMetric):
    """The mean of a number of each clip, `measure`; clips for which it is nan are left out."""

    @abstractmethod
    def measure(self, clip: Clip) -> float:
        """Give the number of one clip."""

    def describe(self, clip: Clip) -> float:
        """Give the number of one clip."""
        return float(self.measure(clip))

    def score(self, generated: Sequence[float], real: Sequence[float] = ()) -> float:
        """Give the mean."""
        known = np.asarray(generated)[np.isfinite(generated)]
        return float(known.mean()) if len(known) else float("nan")

    def left_out(self, described: Sequence[float]) -> int:
        """Give how many clips the number is nan for."""
        return int((~np.isfinite(described)).sum())
