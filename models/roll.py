"""A step of a roll, in which a model gives a sequence window by window: what may spare it work there."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from torch import Tensor


@dataclass(frozen=True)
class Step:
    """What is known of one step; a model may use it or not, its frames are the same."""

    moved: int = 1
    """Frames that the windows have moved since the step whose state is given."""
    stop: int | None = None
    """The outputs are read before this frame, counted from the anchor, and may end there; None reads them whole."""
    foreseen: Mapping[str, Tensor] = field(default_factory=dict)
    """What `BaseModel.foresee` gave for these windows."""
    unforeseen: Mapping[str, int] = field(default_factory=dict)
    """Modality fed back -> how many of the newest frames of its window were zeros there."""

    def wanted(self, offset: int, length: int) -> int:
        """How many frames of an output window are read.

        >>> Step(stop=124).wanted(offset=120, length=20)
        4
        """
        return length if self.stop is None else min(max(self.stop - offset, 0), length)

    def of(self, part: str) -> "Step":
        """The step as a model held inside another meets it: with what was foreseen under its name."""
        own = {name.removeprefix(f"{part}."): x for name, x in self.foreseen.items() if name.startswith(f"{part}.")}
        return replace(self, foreseen=own)


def named(part: str, foreseen: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What a model held inside another foresees, under its name: the opposite of `Step.of`."""
    return {f"{part}.{name}": x for name, x in foreseen.items()}
