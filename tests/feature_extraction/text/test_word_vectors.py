"""Word vectors: only the wanted words are read, whatever the others look like."""

from pathlib import Path

import numpy as np
import pytest

from feature_extraction.text.word_vectors import embedding, pack, read_vectors, unpack

FEW = "the 0.1 -2 3e-1\n, 0 0 1\nat name@domain.com 1 2 3\nnaïve 4 5 6\nat 7 8 9\nthe 0 0 0\n"


def written(folder: Path, content: str | bytes) -> Path:
    """A file of vectors."""
    path = folder / "vectors.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def test_wanted_words_are_read_in_full(tmp_path: Path) -> None:
    vectors = read_vectors(written(tmp_path, FEW), ["naïve", "the", "zebra", ",", ""])
    assert {word: each.tolist() for word, each in vectors.items()} == {
        "the": [0.1, -2, 0.3],
        ",": [0, 0, 1],
        "naïve": [4, 5, 6],
    }


def test_a_word_may_have_spaces(tmp_path: Path) -> None:
    path = written(tmp_path, FEW)
    assert read_vectors(path, ["at"])["at"].tolist() == [7, 8, 9]
    assert read_vectors(path, ["at name@domain.com"])["at name@domain.com"].tolist() == [1, 2, 3]


def test_the_head_line_of_word2vec_windows_line_ends_and_no_last_newline(tmp_path: Path) -> None:
    path = written(tmp_path, "2 3\r\nthe 0.1 -2 0.3\r\nso 1 2 3")
    assert {word: each.tolist() for word, each in read_vectors(path, ["the", "so", "2"]).items()} == {
        "the": [0.1, -2, 0.3],
        "so": [1, 2, 3],
    }


def test_lines_of_other_words_do_not_matter(tmp_path: Path) -> None:
    path = written(tmp_path, b"the 1 2 3\n\xff\xfe broken\nzebra a b\n\nso 4 5 6\n")
    assert read_vectors(path, ["so", "lone \ud800 surrogate"])["so"].tolist() == [4, 5, 6]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "line 1 is not a word and its numbers"),
        ("2 0\n", "line 1 is not a word and its numbers"),
        ("the\n", "line 1 is not a word"),
        ("the 1 2 3\nso 1 2\n", "line 2 has 2 numbers; 3 are wanted"),
        ("the 1 2 3\nso\n", "line 2 has 0 numbers"),
        ("9 3\nso 1 2 3 4 5\nso 1 2\n", "line 3 has 2 numbers; 3 are wanted"),
        ("the 1 2 3\nso 1 nan 3\n", "line 2, the vector of 'so': 'nan' is not a number"),
        ("the 1 2 3\nso 1 2-1 3\n", "'2-1' is not a number"),
        ("the 1 2 3\nso 1 é 3\n", "is not a number"),
        ("the 1 2 3\nso 1 1_0 3\n", "'1_0' is not a number"),
        ("the 1 2 3\nso 1 1e999 3\n", "'1e999' is not a number"),
    ],
)
def test_a_line_that_is_no_vector_is_named(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refusal:
        read_vectors(written(tmp_path, content), ["so", "zebra"])
    assert "vectors.txt" in str(refusal.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"glove\.txt"):
        read_vectors(tmp_path / "glove.txt", ["so"])


def test_the_table_is_the_published_one(parity: Path) -> None:
    path = parity / "text" / "glove_tiny.100d.txt"
    words = [line.split(" ")[0] for line in path.read_text(encoding="utf-8").splitlines()]
    vectors = read_vectors(path, words)
    assert list(vectors) == words
    with np.load(parity / "text" / "context.npz") as context, np.load(parity / "text" / "words.npz") as own:
        table = embedding(np.stack(list(vectors.values())))
        assert table.dtype == np.float32
        np.testing.assert_array_equal(table, context["vocab_weights"].astype(np.float32))
        np.testing.assert_array_equal(table[2:], own["vocab_weights"].astype(np.float32))


def test_pack_then_unpack_is_the_identity_in_float32() -> None:
    vectors = np.random.default_rng(0).normal(size=(7, 5))
    np.testing.assert_array_equal(unpack(pack(vectors)), vectors.astype(np.float32))


def test_real_vectors_hold_every_word_of_the_real_transcripts(shared_data: Path) -> None:
    vectors = read_vectors(shared_data / "glove" / "glove.6B.50d.subset.txt", ["dashwood", "amiable", "the"])
    assert {word: len(each) for word, each in vectors.items()} == {"the": 50, "dashwood": 50, "amiable": 50}
    assert vectors["the"][:3].tolist() == [0.418, 0.24968, -0.41242]
