"""Words that are not known as a whole are taken apart: "it's" into "it" and "'s", "well-fed" into "well" and "fed".

GloVe's vectors know English contractions by their parts only, as the tokeniser of the Penn Treebank makes them.
"""

import re
from collections.abc import Container
from itertools import accumulate, pairwise

from feature_extraction.text.transcript import Transcript, Word
from feature_extraction.text.vocabulary import bare, forms, known_form

_SEAMS = re.compile(r"[-\N{HYPHEN}\N{EN DASH}]|(?=n't$)|(?='(?:s|m|d|re|ve|ll)$)")


def split_unknown(transcript: Transcript, known: Container[str]) -> Transcript:
    """Give the transcript with its unknown words taken apart, where all parts are known.

    The parts share the word's time by their number of letters.

    >>> split_unknown(Transcript((Word("Don't!", 1.0, 2.0), Word("X-ray", 2.0, 2.5))), {"do", "n't", "ray"}).words
    (Word(text='do', start_s=1.0, end_s=1.4), Word(text="n't", start_s=1.4, end_s=2.0), \
Word(text='X-ray', start_s=2.0, end_s=2.5))
    """
    parts = {text: parts_of(text, known) for text in {word.text for word in transcript.words}}
    words = [part for word in transcript.words for part in _shared_out(word, parts[word.text])]
    return Transcript(tuple(sorted(words, key=lambda word: word.start_s)))


def parts_of(word: str, known: Container[str]) -> tuple[str, ...]:
    """Give the parts of a word as written, all of them known; the word itself where it is known, or has no such parts.

    >>> parts_of("They're", {"they", "'re"}), parts_of("They're", {"they"}), parts_of("cat's", {"cat's", "cat", "'s"})
    (('they', "'re"), ("They're",), ("cat's",))
    """
    if known_form(word, known) is not None:
        return (word,)
    parts = pieces(word)
    return parts if parts and all(part in known for part in parts) else (word,)


def pieces(word: str) -> tuple[str, ...]:
    """Give the parts that a word as written would be taken apart into, known or not.

    >>> pieces("Can't!"), pieces("state-of-the-art"), pieces("Hello")
    (('ca', "n't"), ('state', 'of', 'the', 'art'), ('hello',))
    """
    return tuple(part for part in _SEAMS.split(bare(forms(word)[0])) if part)


def _shared_out(word: Word, parts: tuple[str, ...]) -> list[Word]:
    if len(parts) == 1:
        return [word]
    letters = [0, *accumulate(len(part) for part in parts)]
    times_s = [word.start_s + (word.end_s - word.start_s) * each / letters[-1] for each in letters[:-1]]
    edges = pairwise([*times_s, word.end_s])
    return [Word(part, start_s, end_s) for part, (start_s, end_s) in zip(parts, edges, strict=True)]
