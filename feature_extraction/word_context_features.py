"""Word context: the words said around each frame, or around a window that begins there."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from feature_extraction.audio import frame_count
from feature_extraction.base_features import BaseFeatures, FeatureArray
from feature_extraction.text.learning import learn_words, learned
from feature_extraction.text.splitting import split_unknown
from feature_extraction.text.timing import nearest, within
from feature_extraction.text.transcript import Transcript
from feature_extraction.text.vocabulary import FIRST


class WordContextFeatures(BaseFeatures):
    """Columns of integers, `word_00`...: the ids of the words that lie wholly within a window, in their order.

    The window of frame i is [i / fps - margin_s, i / fps + window_s + margin_s]. The default, 1.5 s to both sides, is
    30 frames at 20 fps; `margin_s: 2` and the `window_s` of a model's output are the words around that output.
    Rows end with 0 (PAD); 1 (UNK) is a word that is not in the vocabulary, see `word_tokens`. There are as many columns
    as any window of the train split has words; of more, those nearest to the window's middle are kept.
    """

    source = "text"

    def __init__(
        self,
        fps: float,
        margin_s: float = 1.5,
        window_s: float = 0.0,
        vectors: str | None = None,
        min_count: int = 1,
        state: Mapping[str, Any] | None = None,
    ):
        """Extract at `fps`; `state` is what `fit` learned."""
        super().__init__(fps)
        if margin_s < 0 or window_s < 0:
            raise ValueError(f"word_context: margin_s {margin_s} and window_s {window_s} are seconds, 0 or more")
        self.margin_s, self.window_s = margin_s, window_s
        self.vectors, self.min_count, self.state = vectors, min_count, state

    def fit(self, raws: Iterable[Transcript], folder: Path) -> dict[str, Any]:
        """Learn the vocabulary and the number of columns: {"words": [...], "width": ...}."""
        transcripts = list(raws)
        vocabulary, _ = learn_words(transcripts, folder, self.vectors, self.min_count)
        transcripts = [split_unknown(each, vocabulary) for each in transcripts]
        # a window holds no fewer words where it begins with the first of them
        starts_s = [np.array([word.start_s for word in each.words]) for each in transcripts]
        widths = [self._within(*each).shape[1] for each in zip(transcripts, starts_s, strict=True)]
        return {"words": list(vocabulary.words), "width": max(1, *widths)}

    def encode(self, raw: Transcript, frames: int | None = None) -> FeatureArray:
        """Give the (frames, width) tokens, int64."""
        frames = frame_count(raw.duration_s, self.fps) if frames is None else frames
        state, vocabulary = learned(self.state, "word_context")
        transcript = split_unknown(raw, vocabulary)
        times_s = np.arange(frames) / self.fps
        places = self._within(transcript, times_s - self.margin_s)
        places = nearest(places, transcript, times_s + self.window_s / 2, state["width"])
        tokens = vocabulary.tokens((word.text for word in transcript.words), places)
        return FeatureArray(tokens, tuple(f"word_{place:02d}" for place in range(tokens.shape[1])))

    @property
    def num_tokens(self) -> int:
        """The number of ids, PAD and UNK among them."""
        return len(self.state["words"]) + FIRST if self.state else 0

    def _within(self, transcript: Transcript, from_s: np.ndarray) -> np.ndarray:
        return within(transcript, from_s, from_s + self.window_s + 2 * self.margin_s)
