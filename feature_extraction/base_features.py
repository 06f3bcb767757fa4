"""What a feature extractor promises: a recording in, (frames, dim) numbers out, and back where it can."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

if TYPE_CHECKING:
    from feature_extraction.motion.skeleton import Motion


@dataclass(frozen=True)
class FeatureArray:
    """One sequence in one representation.

    `values` is (frames, dim) float32, int64 for tokens and labels; `columns` names its dim columns. `decoding` is
    plain JSON: what `decode` needs to know of this sequence besides the values (bone offsets, say), empty where nothing
    is needed.
    """

    values: np.ndarray
    columns: tuple[str, ...]
    decoding: dict[str, Any] = field(default_factory=dict)


class BaseFeatures(ABC):
    """An extractor: a class `FooFeatures` in `foo_features.py`, reached by the recipe line `{name: foo}`.

    Subclasses name their parameters in `__init__`; motion extractors take `joints` among them. What they are given
    is at their rate already: a Motion at `fps`, an Audio at `working_rate(fps)`. Frame i is time i / fps.
    """

    source: ClassVar[str]
    """The raw input: "motion" (a Motion), "audio" (an Audio), "text" (a Transcript) or "label" (the sequence id)."""
    reversible: ClassVar[bool] = False
    """Whether `decode` gives the motion back."""
    version: ClassVar[int] = 1
    """Raised when the same input and parameters give other numbers than before, so that stored arrays are redone."""
    requires: ClassVar[str | None] = None
    """A package that it cannot do without, and that only the project's extra of the same name brings: "madmom"."""

    def __init__(self, fps: float):
        """Extract at `fps` frames per second."""
        self.fps = fps

    @abstractmethod
    def encode(self, raw: Any, frames: int | None = None) -> FeatureArray:
        """Give the feature of one sequence, of exactly `frames` frames (None: as many as `raw` has; a label has 1)."""

    def decode(self, values: np.ndarray, columns: Sequence[str], decoding: Mapping[str, Any]) -> "Motion":
        """Give the motion back from unscaled (frames, dim) `values` with all their `columns`."""
        raise NotImplementedError(f"{type(self).__name__} cannot be turned back into motion")

    def blend(self, before: np.ndarray, after: np.ndarray, share: np.ndarray, columns: Sequence[str]) -> np.ndarray:
        """Give what lies between unscaled (frames, dim) values: `share` (frames,) of the way to those `after`.

        Here: on the straight line, which is right for what can be added: places, ways, turns about one axis, loudness.
        """
        return before + share[:, None] * (after - before)

    def fit(self, raws: Iterable[Any], folder: Path) -> dict[str, Any]:
        """Give what is learned before anything is encoded, as plain JSON: a vocabulary, say. Here: nothing.

        It comes back as the parameter `state`, and is kept with the feature, so that encoding needs no other file.
        `raws` are the raw inputs of the train split, read as they are asked for; files that parameters name are looked
        for in `folder`, that of the corpus.
        """
        return {}

    @property
    def num_tokens(self) -> int:
        """How many ids there are in what is not numbers but ids, words or labels; 0 for numbers."""
        return 0

    def resting_value(self, column: str) -> float | None:
        """Give what a column is in a recording that lacks it; None for a column that each recording must have."""
        return None

    def merge_decodings(self, decodings: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
        """Give the decoding that stands for a whole corpus, from the decoding of each sequence id.

        ValueError, listing the odd sequences, when they do not belong together. Here: the first one.
        """
        return next(iter(decodings.values()), {})
