"""Words that are known by their parts only."""

from pathlib import Path

import pytest

from feature_extraction.text.splitting import parts_of, split_unknown
from feature_extraction.text.transcript import Transcript, Word
from feature_extraction.text.vocabulary import Vocabulary
from feature_extraction.text.word_vectors import read_vectors


@pytest.mark.parametrize("written", ["don't", "Don't!", "DON\N{RIGHT SINGLE QUOTATION MARK}T", '"don\'t,"'])
def test_a_contraction_is_taken_apart_as_it_is_written(written: str) -> None:
    assert parts_of(written, {"do", "n't", "don"}) == ("do", "n't")
    assert parts_of(written, {"do", "n't", "don't"}) == (written,)
    assert parts_of(written, {"do", "don"}) == (written,)


def test_hyphens_part_words_and_apostrophes_within_do_not() -> None:
    known = {"so", "well", "fed", "o", "clock", "'clock"}
    assert parts_of("well-fed", known) == parts_of("Well\N{EN DASH}fed.", known) == ("well", "fed")
    assert parts_of("-well-", known) == ("-well-",)
    assert parts_of("o'clock", known) == ("o'clock",)
    assert parts_of("--", known) == ("--",)


def test_parts_share_the_time_and_stay_in_order_among_the_others() -> None:
    talk = Transcript((Word("well-fed", 1.0, 8.0), Word("so", 2.0, 3.0), Word("so-so", 9.0, 9.0)))
    assert split_unknown(talk, Vocabulary(("so", "well", "fed"))).words == (
        Word("well", 1.0, 5.0),
        Word("so", 2.0, 3.0),
        Word("fed", 5.0, 8.0),
        Word("so", 9.0, 9.0),
        Word("so", 9.0, 9.0),
    )


def test_known_words_stay_as_they_are() -> None:
    talk = Transcript((Word("Well-fed!", 1.0, 8.0), Word("zebra's", 2.0, 3.0)))
    assert split_unknown(talk, Vocabulary(("well-fed", "well", "fed", "'s"))) == talk
    assert split_unknown(talk, ()) == talk


def test_real_vectors_know_contractions_by_their_parts(shared_data: Path) -> None:
    path = shared_data / "glove" / "glove.6B.50d.subset.txt"
    contractions = ["don't", "it's", "I'm", "you're", "we've", "they'll", "he'd", "can't", "won't"]
    words = [*map(str.lower, contractions), "do", "it", "i", "you", "we", "they", "he", "ca", "wo"]
    known = read_vectors(path, [*words, "n't", "'s", "'m", "'re", "'ve", "'ll", "'d"])
    assert not known.keys() & set(contractions)
    assert [len(parts_of(word, known)) for word in contractions] == [2] * len(contractions)
