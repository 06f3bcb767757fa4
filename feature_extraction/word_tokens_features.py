"""Word tokens: the number of the word spoken in each frame."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from feature_extraction.audio import frame_count
from feature_extraction.base_features import BaseFeatures, FeatureArray
from feature_extraction.text.learning import learn_words, learned
from feature_extraction.text.splitting import split_unknown
from feature_extraction.text.timing import apart, spoken
from feature_extraction.text.transcript import Transcript
from feature_extraction.text.vocabulary import FIRST


class WordTokensFeatures(BaseFeatures):
    """One column of integers, `word`: the id of the word said in most of frame i's time [i - 1/2, i + 1/2) / fps.

    0 (PAD) is silence, 1 (UNK) a word that is not in the vocabulary, which is learned from the train split: words said
    `min_count` times or more and, where a file of `vectors` in GloVe's format is given, known to it. A word of known
    parts, as "it's" and "well-fed", is taken apart. Where a word follows itself at once, a frame of silence
    parts the two.
    """

    source = "text"

    def __init__(
        self,
        fps: float,
        vectors: str | None = None,
        min_count: int = 1,
        state: Mapping[str, Any] | None = None,
    ):
        """Extract at `fps`; `state` is what `fit` learned."""
        super().__init__(fps)
        self.vectors, self.min_count, self.state = vectors, min_count, state

    def fit(self, raws: Iterable[Transcript], folder: Path) -> dict[str, Any]:
        """Learn the vocabulary: {"words": [...]}, whose first word has the id 2."""
        vocabulary, _ = learn_words(raws, folder, self.vectors, self.min_count)
        return {"words": list(vocabulary.words)}

    def encode(self, raw: Transcript, frames: int | None = None) -> FeatureArray:
        """Give the (frames, 1) tokens, int64."""
        frames = frame_count(raw.duration_s, self.fps) if frames is None else frames
        _, vocabulary = learned(self.state, "word_tokens")
        transcript = split_unknown(raw, vocabulary)
        places = spoken(transcript, self.fps, frames)
        tokens = apart(vocabulary.tokens((word.text for word in transcript.words), places), places)
        return FeatureArray(tokens[:, None], ("word",))

    @property
    def num_tokens(self) -> int:
        """The number of ids, PAD and UNK among them."""
        return len(self.state["words"]) + FIRST if self.state else 0
