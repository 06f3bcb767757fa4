"""Vocabularies: the number of each word, with numbers of their own for silence and for words that are not known."""

import unicodedata
from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

NOTHING = -1
"""Stands for "no word" where words are told by their places."""
PAD, UNK = 0, 1
"""The ids of no word, and of a word that is not in the vocabulary; the first known word has 2."""
FIRST = 2


@dataclass(frozen=True)
class Vocabulary:
    """The known words; the id of `words[i]` is `i + FIRST`."""

    words: tuple[str, ...]

    @property
    def size(self) -> int:
        """The number of ids, PAD and UNK among them."""
        return len(self.words) + FIRST

    def __contains__(self, form: object) -> bool:
        """Tell whether this very spelling is in the vocabulary."""
        return form in self._ids

    def id(self, word: str) -> int:
        """Give the id of a word as written: that of the first of its `forms` that is known, else UNK.

        >>> vocabulary = Vocabulary(("really", "dance"))
        >>> [vocabulary.id(word) for word in ("Dance", "Really,", "zebra")]
        [3, 2, 1]
        """
        known = known_form(word, self)
        return UNK if known is None else self._ids[known]

    def ids(self, words: Iterable[str]) -> np.ndarray:
        """Give the ids of words, (words,) int64."""
        words = list(words)
        ids = {word: self.id(word) for word in set(words)}
        return np.array([ids[word] for word in words], dtype=np.int64)

    def tokens(self, words: Iterable[str], places: np.ndarray) -> np.ndarray:
        """Give the id of the word at each of the `places` in `words`, PAD where a place is NOTHING: int64."""
        return np.append(self.ids(words), PAD)[places]  # NOTHING is the place of what is last

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {word: place for place, word in enumerate(self.words, FIRST)}


def learn(words: Iterable[str], known: Container[str] | None = None, min_count: int = 1) -> Vocabulary:
    """Give the vocabulary of these words as written, the most frequent first, equals by their spelling.

    Words are taken in the first of their `forms` that is `known`; where nothing is said to be known, without
    capitals and punctuation. Those that occur fewer than `min_count` times are left out.
    """
    counts: Counter[str] = Counter()
    for word, count in Counter(words).items():
        form = bare(forms(word)[0]) if known is None else known_form(word, known)
        if form is not None:
            counts[form] += count
    kept = [(word, count) for word, count in counts.items() if count >= min_count]
    return Vocabulary(tuple(word for word, _ in sorted(kept, key=lambda each: (-each[1], each[0]))))


def known_form(word: str, known: Container[str]) -> str | None:
    """Give the first of a word's `forms` that is known; None where there is none."""
    return next((form for form in forms(word) if form in known), None)


def forms(word: str) -> tuple[str, ...]:
    """Give the spellings under which a word as written is looked up, the first that is known counts.

    In lower case, without the punctuation around it, and as written, for vectors that tell "Rose" from "rose".

    >>> forms("Rose,")
    ('rose,', 'rose', 'Rose,', 'Rose')
    """
    word = unicodedata.normalize("NFC", word.strip()).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return tuple(dict.fromkeys((word.lower(), bare(word.lower()), word, bare(word))))


def bare(word: str) -> str:
    """Give a word without the punctuation and symbols around it; what is nothing else stays as it is.

    >>> bare("it.."), bare("don't"), bare("...")
    ('it', "don't", '...')
    """
    marks = "".join({sign for sign in word if unicodedata.category(sign)[0] in "PS"})
    return word.strip(marks) or word
