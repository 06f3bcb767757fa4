"""Vocabularies: how words are found, and what is learned of a transcript."""

import json
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from feature_extraction.text.formats import read_transcript
from feature_extraction.text.vocabulary import NOTHING, PAD, UNK, Vocabulary, bare, learn


def test_ids_begin_after_silence_and_the_unknown() -> None:
    vocabulary = Vocabulary(("so", "good"))
    assert (PAD, UNK, vocabulary.size) == (0, 1, 4)
    assert vocabulary.ids(["so", "good", "zebra"]).tolist() == [2, 3, UNK]
    assert vocabulary.ids([]).shape == (0,)
    assert vocabulary.tokens(["so", "zebra"], np.array([[1, 0, NOTHING]])).tolist() == [[UNK, 2, PAD]]
    assert vocabulary.tokens([], np.array([NOTHING])).tolist() == [PAD]


@pytest.mark.parametrize(
    "written", ["don't", "Don't", "DON\N{RIGHT SINGLE QUOTATION MARK}T", '"don\'t,"', "don't...", " don't? "]
)
def test_a_word_is_known_with_capitals_and_punctuation(written: str) -> None:
    assert Vocabulary(("so", "don't")).id(written) == 3


def test_composed_and_decomposed_letters_are_the_same() -> None:
    assert Vocabulary(("naïve",)).id(unicodedata.normalize("NFD", "Naïve")) == 2


@pytest.mark.parametrize("word", ["नमस्ते", "สวัสดี", "你好", "привет", "مَرحَبًا"])
def test_no_sign_of_other_scripts_is_taken_for_punctuation(word: str) -> None:
    assert bare(word) == word
    assert bare(f"«{word}»。") == word


def test_what_is_only_punctuation_stays_what_it_is() -> None:
    assert bare("...") == "..."
    assert Vocabulary((".",)).id(".") == 2
    assert Vocabulary(("so",)).id(".") == UNK


def test_a_spelling_with_capitals_counts_where_there_is_no_other() -> None:
    assert Vocabulary(("rose", "Rose", "Paris")).ids(["rose", "Rose", "paris", "Paris."]).tolist() == [2, 2, UNK, 4]


def test_the_most_frequent_words_come_first_and_rare_ones_are_left_out() -> None:
    words = ["So", "it", "is", "so.", "is", "IT", "zebra", "so"]
    assert learn(words).words == ("so", "is", "it", "zebra")
    assert learn(words, min_count=2).words == ("so", "is", "it")
    assert learn(words, known={"so", "zebra"}).words == ("so", "zebra")
    assert learn([]).words == ()


def test_every_word_that_was_learned_is_known(parity: Path) -> None:
    words = [word.text for word in read_transcript(parity / "text" / "Recording_001.json").words]
    assert UNK not in Vocabulary(learn(words).words).ids(words)


def test_ids_are_the_published_ones_but_for_punctuation(parity: Path) -> None:
    """The reference strips one full stop and nothing else: "music?" is unknown to it, and "it.." too."""
    words = [word.text for word in read_transcript(parity / "text" / "Recording_001.json").words]
    with np.load(parity / "text" / "context.npz") as numbers:
        published = json.loads(str(numbers["meta_json"]))["token_to_idx"]
    reference = [published.get(word.removesuffix(".").lower(), UNK) for word in words]
    ours = Vocabulary(tuple(published)[2:]).ids(words).tolist()
    differing = {word for word, theirs, own in zip(words, reference, ours, strict=True) if theirs != own}
    assert differing == {"music?", "it..", "Really,"}
    assert [ours[words.index(word)] for word in ("music?", "it..", "Really,")] == [13, 21, 16]
