"""A window says which frames of a modality a model sees or predicts, relative to an anchor frame."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """Frames [t + offset, t + offset + length) of one modality, for an anchor t.

    ``dim`` counts the features of a frame; of a ``discrete`` modality it is the width of the embedding, its arrays
    hold integers in [0, num_tokens) in a single column. A ``single`` modality belongs to the whole sequence (a label):
    its frames are the same at every anchor.

    >>> Window("motion", dim=67, length=20, offset=120).stop
    140
    """

    modality: str
    dim: int
    length: int
    offset: int = 0
    discrete: bool = False
    num_tokens: int = 0
    single: bool = False

    @property
    def stop(self) -> int:
        """The first frame after the window, counted from the anchor."""
        return self.offset + self.length


def anchors(windows: Iterable[Window], frames: int) -> range:
    """Every anchor t >= 0 at which all windows lie inside a sequence of that many frames; empty if it is too short.

    >>> anchors([Window("motion", 3, 14), Window("audio", 2, 10, offset=5)], frames=16)
    range(0, 2)
    >>> anchors([Window("motion", 3, 4, offset=-2)], frames=5)
    range(2, 4)
    """
    moving = [window for window in windows if not window.single]
    start = max([0, *(-window.offset for window in moving)])
    stop = frames - max((window.stop for window in moving), default=0) + 1
    return range(start, max(start, stop))


def needed_frames(windows: Iterable[Window]) -> int:
    """The length of the shortest sequence that all windows fit in."""
    windows = list(windows)
    first = anchors(windows, frames=0).start
    return first + max((window.stop for window in windows if not window.single), default=0)
