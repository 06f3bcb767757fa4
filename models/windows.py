"""A window says which frames of a modality a model sees or predicts, relative to an anchor frame."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """Frames [t + offset, t + offset + length) of one modality, for an anchor t.

    ``dim`` counts the features of a frame; of a ``discrete`` modality it is the width of the embedding, its arrays
    hold ``columns`` integers in [0, num_tokens) a frame. Several columns are a list of words, 0 after the last one, so
    that a frame has as many as it needs. A ``single`` modality belongs to the whole sequence (a label): its frames are
    the same at every anchor. A window with ``padding`` may reach over the ends of a sequence: this frame of dim numbers
    (columns integers) stands there: silence, no word, or the mean pose.
    Training adds noise to a window with ``noise``, of a standard deviation up to that.

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
    padding: tuple[float, ...] = ()
    columns: int = 1
    noise: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "padding", tuple(self.padding))  # from a checkpoint it comes as a list
        if any(each in self.modality for each in "/\\\0"):  # files are found by it, a foreign checkpoint's too
            raise ValueError(f"the modality {self.modality!r} is a path; a name without folders is wanted")
        if self.discrete and self.noise:
            raise ValueError(f"noise is for numbers, and {self.modality} is discrete: give it an --input_noise of 0")

    @property
    def width(self) -> int:
        """How many numbers a frame of the arrays has."""
        return self.columns if self.discrete else self.dim

    @property
    def stop(self) -> int:
        """The first frame after the window, counted from the anchor."""
        return self.offset + self.length


def anchors(windows: Iterable[Window], frames: int, stride: int = 1) -> range:
    """Every anchor t at which all windows lie inside a sequence of that many frames; empty if it is too short.

    The anchor lies inside as well; windows with padding may reach out. With a stride, the first and every stride-th.

    >>> anchors([Window("motion", 3, 14), Window("audio", 2, 10, offset=5)], frames=16)
    range(0, 2)
    >>> anchors([Window("motion", 3, 4, offset=-2)], frames=5)
    range(2, 4)
    >>> anchors([Window("audio", 1, 61, offset=-30, padding=(0.0,))], frames=5)
    range(0, 5)
    """
    reaches = list(_reaches(windows))
    start = max([0, *(-first for first, _ in reaches)])
    stop = frames - max((stop for _, stop in reaches), default=0) + 1
    return range(start, max(start, stop), stride)


def needed_frames(windows: Iterable[Window]) -> int:
    """The length of the shortest sequence that all windows fit in."""
    reaches = list(_reaches(windows))
    return max([0, *(-first for first, _ in reaches)]) + max((stop for _, stop in reaches), default=0)


def _reaches(windows: Iterable[Window]) -> Iterator[tuple[int, int]]:
    """The frames from the anchor, first and past the last, that have to lie inside of a sequence."""
    for window in windows:
        if window.padding:
            yield 0, 1
        elif not window.single:
            yield window.offset, window.stop
