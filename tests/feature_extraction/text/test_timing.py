"""Words on the frame grid, against brute force and published numbers."""

import json
from pathlib import Path

import numpy as np
import pytest

from feature_extraction.text.formats import read_transcript
from feature_extraction.text.timing import apart, nearest, spoken, within
from feature_extraction.text.transcript import Transcript, Word
from feature_extraction.text.vocabulary import NOTHING, Vocabulary


def transcript(*times: tuple[float, float]) -> Transcript:
    """Words a, b, c, ... at these times."""
    return Transcript(tuple(Word(chr(ord("a") + place), *each) for place, each in enumerate(times)))


def random_transcript(seed: int, words: int = 40) -> Transcript:
    """Words of 0 to 1 s that may overlap, at decimal times."""
    rng = np.random.default_rng(seed)
    starts = np.sort(rng.integers(0, 1000, words)) / 100
    return transcript(*((start, round(start + rng.integers(0, 100) / 100, 2)) for start in starts.tolist()))


def test_the_word_that_takes_most_of_a_frame_is_spoken_in_it() -> None:
    # The frames' times at 10 fps are [-0.05, 0.05), [0.05, 0.15), [0.15, 0.25), ...
    said = spoken(transcript((0.0, 0.12), (0.12, 0.22), (0.4, 0.5)), 10, 7)
    assert said.tolist() == [0, 0, 1, NOTHING, 2, 2, NOTHING]


def test_words_past_the_end_are_not_spoken_and_those_that_reach_beyond_it_are() -> None:
    assert spoken(transcript((0.0, 0.1), (0.15, 9.0), (5.0, 6.0), (1e6, 1e6)), 10, 4).tolist() == [0, 0, 1, 1]


def test_a_word_shorter_than_a_frame_is_not_lost() -> None:
    for start in np.arange(0, 100) / 1000:
        assert 0 in spoken(transcript((start, start)), 20, 8)
        assert spoken(transcript((start, start + 0.01)), 20, 8).tolist().count(0) <= 2


@pytest.mark.parametrize("fps", [20, 29.97, 60])
def test_spoken_words_are_those_of_brute_force(fps: float) -> None:
    words = random_transcript(1)
    frames = 250
    expected = []
    for frame in range(frames):
        start, end = (frame - 0.5) / fps, (frame + 0.5) / fps
        taken = [min(end, max(word.end_s, word.start_s + 1 / fps)) - max(start, word.start_s) for word in words.words]
        best = next(place for place, each in enumerate(taken) if each > max(taken) - 1e-6)
        expected.append(best if taken[best] > 2e-6 else NOTHING)
    assert spoken(words, fps, frames).tolist() == expected


def test_a_word_said_twice_in_a_row_is_two_words() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        lasting = rng.integers(2, 5, size=12)
        said = rng.integers(2, 4, size=12)
        parted = apart(np.repeat(said, lasting), np.repeat(np.arange(12), lasting))
        begins = (parted > 0) & (np.append(0, parted[:-1]) != parted)
        assert parted[begins].tolist() == said.tolist()
        assert (parted == 0).sum() == (said[1:] == said[:-1]).sum()


def test_a_word_of_one_frame_gives_way_to_the_one_that_it_repeats() -> None:
    said = np.array([4, 4, 4, 4, 4])
    assert apart(said, np.array([0, 1, 1, 2, 2])).tolist() == [4, 0, 4, 0, 4]
    assert apart(said, np.arange(5)).tolist() == [4, 0, 4, 0, 4]


@pytest.mark.parametrize("seed", range(3))
def test_words_within_windows_are_those_of_brute_force(seed: int) -> None:
    words = random_transcript(seed)
    from_s = np.arange(0, 220) / 20 - 1.5
    places = within(words, from_s, from_s + 3)
    for row, start in zip(places, from_s.round(2).tolist(), strict=True):
        inside = [
            place
            for place, word in enumerate(words.words)
            if word.start_s >= start and word.end_s <= round(start + 3, 2)
        ]
        assert row[row != NOTHING].tolist() == inside
        assert (row[len(inside) :] == NOTHING).all()
    assert (places[:, -1] != NOTHING).any()


def test_silence_has_no_words() -> None:
    assert spoken(Transcript(), 20, 3).tolist() == [NOTHING] * 3
    assert within(Transcript(), np.zeros(3), np.ones(3)).shape == (3, 0)
    assert (
        nearest(within(Transcript(), np.zeros(3), np.ones(3)), Transcript(), np.zeros(3), 2).tolist() == [[-1, -1]] * 3
    )
    assert spoken(Transcript(), 20, 0).shape == (0,)


def test_of_too_many_words_the_nearest_are_kept_in_their_order() -> None:
    words = transcript((0, 1), (1, 2), (2, 3), (3, 4))
    places = within(words, np.array([0.0, 0.0, 2.0]), np.array([4.0, 4.0, 4.0]))
    assert places.tolist() == [[0, 1, 2, 3], [0, 1, 2, 3], [2, 3, -1, -1]]
    assert nearest(places, words, np.array([2.0, 3.4, 3.0]), 2).tolist() == [[1, 2], [2, 3], [2, 3]]
    assert nearest(places, words, np.zeros(3), 5)[2].tolist() == [2, 3, -1, -1, -1]


def test_context_of_a_frame_is_the_published_one_but_for_two_rounded_times(parity: Path) -> None:
    """The reference multiplies frames with 0.05: 6 x 0.05 > 0.3, so that a word that starts at 0.3 s is lost."""
    with np.load(parity / "text" / "context.npz") as numbers:
        expected = numbers["frame_tokens"]
        vocabulary = Vocabulary(tuple(json.loads(str(numbers["meta_json"]))["token_to_idx"])[2:])
    words = read_transcript(parity / "text" / "Recording_001.json")
    times_s = np.arange(260) / 20
    places = within(words, times_s - 1.5, times_s + 1.5)
    tokens = vocabulary.tokens([letters_only(word.text.removesuffix(".")) for word in words.words], places)
    tokens[places == NOTHING] = -1
    lost = {36: "Hello", 157: "Okay"}
    for frame, row in enumerate(tokens):
        reference = expected[frame]
        first = [vocabulary.id(lost[frame])] if frame in lost else []
        assert row[row >= 0].tolist() == [*first, *reference[reference >= 0].tolist()]


@pytest.mark.parametrize(("length", "stride"), [(20, 20), (20, 5), (6, 3)])
def test_words_around_a_window_are_the_published_ones(parity: Path, length: int, stride: int) -> None:
    key = f"dataset_prev{10 if length == 20 else 4}_pred{length}_stride{stride}"
    with np.load(parity / "text" / "words.npz") as numbers:
        expected, first = numbers[f"{key}/tokens"], numbers[f"{key}/first_frame"]
        known = tuple(json.loads(str(numbers["meta_json"]))["token_to_idx"])
    words = read_transcript(parity / "text" / "Recording_001.json")
    places = within(words, first / 20 - 2, (first + length) / 20 + 2)
    # The reference has no ids for silence and the unknown: a word's id is its place in the file, an unknown word is 0.
    tokens = np.maximum(Vocabulary(known).tokens([letters_only(word.text) for word in words.words], places) - 2, 0)
    np.testing.assert_array_equal(np.where(places == NOTHING, -1, tokens), expected)


def letters_only(text: str) -> str:
    """The word as the reference looks it up: what ends in punctuation is unknown to it."""
    return text if text and text[-1].isalnum() else "-"
