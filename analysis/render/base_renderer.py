"""What a renderer promises: motions in, one file out."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from feature_extraction.motion.skeleton import Motion


class BaseRenderer(ABC):
    """Writes motions as a file that other programs open. Every renderer is made without arguments."""

    suffix: ClassVar[str]
    """File ending, with the dot."""
    folder: ClassVar[str]
    """Folder of the results of generation that its files go to."""
    compares: ClassVar[bool] = False
    """Whether one file can show several motions; the others take exactly one."""

    @abstractmethod
    def render(
        self,
        path: Path,
        motions: Sequence[Motion],
        *,
        names: Sequence[str] | None = None,
        title: str = "",
        audio: Path | None = None,
        size: tuple[int, int] | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> Path:
        """Write `motions` to `path` in one step and return it.

        Args:
            path: the file; its folder is made if need be.
            motions: at least one.
            names: what to call each motion, for renderers that write captions.
            title: small text on pictures.
            audio: sound file that starts with the motions, for renderers that have sound.
            size: width and height in pixels, for renderers that make pictures; their own size if None.
            progress: called with the number of frames that are finished and that of all frames.
        """
