"""What word features learn from the transcripts of the train split: which words there are."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from feature_extraction.text.splitting import pieces, split_unknown
from feature_extraction.text.transcript import Transcript
from feature_extraction.text.vocabulary import UNK, Vocabulary, forms, learn
from feature_extraction.text.word_vectors import read_vectors

log = logging.getLogger(__name__)


def learn_words(
    raws: Iterable[Transcript], folder: Path, vectors: str | None, min_count: int
) -> tuple[Vocabulary, dict[str, np.ndarray]]:
    """Give the vocabulary of transcripts and, where there is a file of `vectors` in `folder`, its vectors.

    With vectors, words are known that the file has, as a whole or in parts. ValueError when there is none.
    """
    transcripts = list(raws)
    known = None
    if vectors is not None:
        texts = {word.text for transcript in transcripts for word in transcript.words}
        wanted = {spelling for text in texts for spelling in (*forms(text), *pieces(text))}
        known = read_vectors(Path(folder) / Path(vectors).expanduser(), wanted)
        transcripts = [split_unknown(transcript, known) for transcript in transcripts]
    words = [word.text for transcript in transcripts for word in transcript.words]
    vocabulary = learn(words, known, min_count)
    if not words:
        raise ValueError(
            "there is no word to learn in the transcripts of the train split; each sequence wants one of its name, "
            "a .json, .tsv or .TextGrid file"
        )
    if not vocabulary.words:
        known_to = f" and known to {vectors}" if vectors is not None else ""
        raise ValueError(
            f"of the {len(words)} words in the transcripts of the train split, none is there {min_count} times or "
            f"more{known_to}; is it the same language?"
        )
    unknown = Counter(word for word in words if vocabulary.id(word) == UNK)
    if unknown:
        often = ", ".join(word for word, _ in unknown.most_common(5))
        log.info("%d of %d words are not known (%s)", unknown.total(), len(words), often)
    return vocabulary, known or {}


def learned(state: Mapping[str, Any] | None, extractor: str) -> tuple[Mapping[str, Any], Vocabulary]:
    """Give what `fit` learned, and the vocabulary in it; ValueError before that."""
    if state is None:
        raise ValueError(f"{extractor} knows no words yet; give it the state that its fit learns from transcripts")
    return state, Vocabulary(tuple(state["words"]))
