"""Word vectors: the vector of the word spoken in each frame."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from feature_extraction.audio import frame_count
from feature_extraction.base_features import BaseFeatures, FeatureArray
from feature_extraction.text.learning import learn_words, learned
from feature_extraction.text.splitting import split_unknown
from feature_extraction.text.timing import spoken
from feature_extraction.text.transcript import Transcript
from feature_extraction.text.word_vectors import embedding, pack, unpack


class WordVectorsFeatures(BaseFeatures):
    """Columns `vector_000`...: the vector of the word said in most of frame i's time [i - 1/2, i + 1/2) / fps.

    Silence is all zeros, a word that is not known all ones. Known are the words of the train split (said `min_count`
    times or more) that the file of `vectors`, in GloVe's format, has; a word of known parts, as "it's" and "well-fed",
    is taken apart.
    """

    source = "text"

    def __init__(
        self,
        fps: float,
        vectors: str | None = None,
        min_count: int = 1,
        state: Mapping[str, Any] | None = None,
    ):
        """Extract at `fps`; `state` is what `fit` learned, after which the file is not needed any more."""
        super().__init__(fps)
        self.vectors, self.min_count, self.state = vectors, min_count, state

    def fit(self, raws: Iterable[Transcript], folder: Path) -> dict[str, Any]:
        """Learn the words and read their vectors: {"words": [...], "vectors": ...}, these as `pack` gives them."""
        if self.vectors is None:
            raise ValueError("word_vectors needs a file in GloVe's format: {name: word_vectors, vectors: glove.txt}")
        vocabulary, vectors = learn_words(raws, folder, self.vectors, self.min_count)
        table = np.stack([vectors[word] for word in vocabulary.words])
        return {"words": list(vocabulary.words), "vectors": pack(table)}

    def encode(self, raw: Transcript, frames: int | None = None) -> FeatureArray:
        """Give the (frames, dim) vectors."""
        frames = frame_count(raw.duration_s, self.fps) if frames is None else frames
        state, vocabulary = learned(self.state, "word_vectors")
        transcript = split_unknown(raw, vocabulary)
        tokens = vocabulary.tokens((word.text for word in transcript.words), spoken(transcript, self.fps, frames))
        values = embedding(unpack(state["vectors"]))[tokens]
        return FeatureArray(values, tuple(f"vector_{place:03d}" for place in range(values.shape[1])))
