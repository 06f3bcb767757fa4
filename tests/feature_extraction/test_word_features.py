"""The features made of words: what they learn of the train split, and what they make of any transcript."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from feature_extraction.text.transcript import Transcript, Word
from feature_extraction.text.word_vectors import unpack
from feature_extraction.word_context_features import WordContextFeatures
from feature_extraction.word_tokens_features import WordTokensFeatures
from feature_extraction.word_vectors_features import WordVectorsFeatures

TALK = Transcript((Word("So,", 0.0, 0.14), Word("is", 0.3, 0.5), Word("it", 0.5, 0.6), Word("so?", 0.6, 0.9)))
VECTORS = "zebra 9 9\nit 0.5 -1\nso 2 3\n"
EXTRACTORS: list[Any] = [WordContextFeatures, WordTokensFeatures, WordVectorsFeatures]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A corpus folder with word vectors."""
    (tmp_path / "glove.txt").write_text(VECTORS, encoding="utf-8")
    return tmp_path


def taught(extractor: Any, folder: Path, fps: float = 10, **parameters: Any) -> Any:
    """The extractor with what it learns from one talk, sent through JSON."""
    state = extractor(fps, **parameters).fit(iter([TALK]), folder)
    return extractor(fps, **parameters, state=json.loads(json.dumps(state)))


def test_tokens_number_the_words_of_the_train_split(folder: Path) -> None:
    extractor = taught(WordTokensFeatures, folder)
    assert extractor.state == {"words": ["so", "is", "it"]}
    array = extractor.encode(TALK, 12)
    assert (array.values.dtype, array.columns) == (np.int64, ("word",))
    assert array.values[:, 0].tolist() == [2, 2, 0, 3, 3, 3, 4, 2, 2, 2, 0, 0]


def test_a_word_that_follows_itself_begins_again(folder: Path) -> None:
    twice = Transcript((Word("so", 0.0, 0.3), Word("so", 0.3, 0.6), Word("is", 0.6, 0.8)))
    assert taught(WordTokensFeatures, folder).encode(twice, 9).values[:, 0].tolist() == [2, 2, 2, 0, 2, 2, 2, 3, 3]


def test_silence_and_unknown_words_have_ids_of_their_own(folder: Path) -> None:
    extractor = taught(WordTokensFeatures, folder)
    assert extractor.encode(Transcript(), 3).values.tolist() == [[0], [0], [0]]
    assert extractor.encode(Transcript((Word("zebra", 0.1, 0.2),)), 3).values.tolist() == [[0], [1], [1]]


def test_with_vectors_only_their_words_are_known(folder: Path) -> None:
    assert taught(WordTokensFeatures, folder, vectors="glove.txt").state == {"words": ["so", "it"]}
    assert taught(WordTokensFeatures, folder, min_count=2).state == {"words": ["so"]}


def test_vectors_are_zero_in_silence_one_for_the_unknown_and_else_the_words_own(folder: Path) -> None:
    extractor = taught(WordVectorsFeatures, folder, vectors="glove.txt")
    (folder / "glove.txt").unlink()
    array = extractor.encode(TALK, 7)
    assert (array.values.dtype, array.columns) == (np.float32, ("vector_000", "vector_001"))
    assert array.values.tolist() == [[2, 3], [2, 3], [0, 0], [1, 1], [1, 1], [1, 1], [0.5, -1]]
    np.testing.assert_array_equal(unpack(extractor.state["vectors"]), [[2, 3], [0.5, -1]])


def test_context_is_all_words_within_the_margin(folder: Path) -> None:
    extractor = taught(WordContextFeatures, folder, margin_s=0.4)
    assert extractor.state == {"words": ["so", "is", "it"], "width": 3}
    array = extractor.encode(TALK, 12)
    assert (array.values.dtype, array.columns) == (np.int64, ("word_00", "word_01", "word_02"))
    # Frame 2 sees [-0.2, 0.6] s, frame 5 [0.1, 0.9], frame 9 [0.5, 1.3].
    assert array.values[[2, 5, 9, 11]].tolist() == [[2, 3, 4], [3, 4, 2], [4, 2, 0], [0, 0, 0]]


def test_the_window_of_a_context_begins_at_its_frame(folder: Path) -> None:
    extractor = taught(WordContextFeatures, folder, margin_s=0.1, window_s=0.2)
    # Frame 2 sees [0.1, 0.5] s, frame 4 [0.3, 0.7], frame 6 [0.5, 0.9].
    assert extractor.encode(TALK, 8).values[[2, 4, 6]].tolist() == [[3, 0], [3, 4], [4, 2]]


def test_of_more_words_than_in_training_the_nearest_are_kept(folder: Path) -> None:
    extractor = taught(WordContextFeatures, folder, margin_s=0.4)
    dense = Transcript(
        tuple(Word(text, place / 10, (place + 1) / 10) for place, text in enumerate(["so", "is", "it", "so"]))
    )
    assert extractor.encode(dense, 4).values.tolist() == [[2, 3, 4], [2, 3, 4], [2, 3, 4], [3, 4, 2]]


@pytest.mark.parametrize("extractor", EXTRACTORS)
def test_words_past_the_end_of_the_sound_do_no_harm(extractor: Any, folder: Path) -> None:
    ready = taught(extractor, folder, vectors="glove.txt")
    late = Transcript((*TALK.words, Word("is", 5.0, 5.5), Word("so", 9e5, 9e5)))
    np.testing.assert_array_equal(ready.encode(late, 9).values, ready.encode(TALK, 9).values)


def test_contractions_are_known_by_their_parts(folder: Path) -> None:
    (folder / "glove.txt").write_text("do 1 2\nn't 3 4\nit 5 6\n", encoding="utf-8")
    talk = Transcript((Word("Don't,", 0.0, 0.5), Word("it's", 0.55, 1.0)))
    state = WordVectorsFeatures(10, vectors="glove.txt").fit([talk], folder)
    assert state["words"] == ["do", "n't"]
    vectors = WordVectorsFeatures(10, vectors="glove.txt", state=state).encode(talk, 10).values
    assert vectors.tolist() == [[1, 2]] * 3 + [[3, 4]] * 3 + [[1, 1]] * 4
    context = WordContextFeatures(10, vectors="glove.txt")
    assert context.fit([talk], folder) == {"words": ["do", "n't"], "width": 3}


def test_a_context_has_as_many_columns_as_any_window_has_words(folder: Path) -> None:
    late = Transcript((*TALK.words, Word("is", 9e5, 9e5)))  # a frame grid up to there would fill the memory
    for margin_s, width in ((0.0, 1), (0.05, 1), (0.25, 2), (0.3, 3), (0.45, 4), (2.0, 4)):
        assert WordContextFeatures(20, margin_s=margin_s).fit([TALK, late], folder)["width"] == width


@pytest.mark.parametrize("extractor", EXTRACTORS)
def test_before_fit_nothing_is_encoded(extractor: Any) -> None:
    with pytest.raises(ValueError, match="knows no words yet"):
        extractor(20).encode(TALK, 3)


@pytest.mark.parametrize("extractor", EXTRACTORS)
def test_a_corpus_without_known_words_is_refused(extractor: Any, folder: Path) -> None:
    foreign = Transcript((Word("привет", 0, 1),))
    with pytest.raises(ValueError, match=r"of the 1 words .* none is there 1 times or more and known to glove\.txt"):
        extractor(20, vectors="glove.txt").fit([foreign], folder)
    with pytest.raises(ValueError, match=r"no word to learn .* a \.json, \.tsv or \.TextGrid file"):
        extractor(20, vectors="glove.txt").fit([Transcript()], folder)
    with pytest.raises(FileNotFoundError, match=r"lost\.txt"):
        extractor(20, vectors="lost.txt").fit([TALK], folder)


def test_vectors_need_a_file_and_margins_are_not_negative(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"word_vectors needs a file .* vectors: glove\.txt"):
        WordVectorsFeatures(20).fit([TALK], folder)
    with pytest.raises(ValueError, match="margin_s -1 and window_s 0"):
        WordContextFeatures(20, margin_s=-1)
