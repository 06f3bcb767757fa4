"""Lists of words are read each on its own, whatever stands beside or behind them."""

import pytest
import torch

from models.nets.words import WordEncoder, compact, distinct, embedded, lists_of_words, places_of


def encoder() -> WordEncoder:
    torch.manual_seed(0)
    return WordEncoder("words", 9, 4).double()


def test_words_move_to_the_front_in_their_order() -> None:
    tokens, lengths = compact(torch.tensor([[0, 3, 0, 2], [0, 0, 0, 0], [5, 1, 4, 7]]))
    assert tokens.tolist() == [[3, 2, 0, 0], [0, 0, 0, 0], [5, 1, 4, 7]]
    assert lengths.tolist() == [2, 0, 4]


def test_a_list_of_words_is_the_mean_of_its_vectors_and_none_is_zeros() -> None:
    table = torch.nn.Embedding.from_pretrained(torch.tensor([[9.0], [2.0], [4.0]]))
    lists = torch.tensor([[[1, 2, 0], [0, 0, 2], [0, 0, 0]]])
    assert embedded(table, lists).tolist() == [[[3.0], [4.0], [0.0]]]
    assert embedded(table, lists[..., :1]).tolist() == [[[2.0], [9.0], [9.0]]]


def test_words_that_move_to_the_front_keep_their_places() -> None:
    assert places_of(torch.tensor([[0, 3, 0, 2], [0, 0, 0, 0], [5, 1, 4, 7]])).tolist() == [
        [1, 3, 0, 0],
        [0, 0, 0, 0],
        [0, 1, 2, 3],
    ]


def test_equal_neighbours_are_kept_once() -> None:
    lists = torch.tensor([[[1, 2], [1, 2], [3, 0]], [[3, 0], [1, 2], [1, 2]]])
    rows, places = distinct(lists)
    assert rows.tolist() == [[1, 2], [3, 0], [3, 0], [1, 2]]
    assert torch.equal(rows[places], lists)


def test_a_word_that_lasts_is_read_once() -> None:
    said = torch.tensor([[4, 4, 0, 5, 5, 4]])[..., None]
    assert lists_of_words(said, 1).tolist() == [[[4, 0, 0, 5, 0, 4]]]
    assert lists_of_words(said, 3).tolist() == [[[4, 0, 0, 5], [4, 0, 5, 0], [0, 5, 0, 4]]]


def test_lists_stay_as_they_are() -> None:
    lists = torch.tensor([[[4, 4, 0], [4, 5, 0]]])
    assert torch.equal(lists_of_words(lists, 2), lists)
    with pytest.raises(ValueError, match="2 rows of 3 words are no lists for 1 frames"):
        lists_of_words(lists, 1)


def test_a_list_is_read_as_it_would_be_without_padding() -> None:
    net, tokens = encoder(), torch.tensor([[3, 2, 0, 0], [0, 0, 0, 0], [5, 1, 4, 7]])
    states, present = net(tokens)
    summaries = net.summary(tokens)
    for place, length in ((0, 2), (2, 4)):
        alone, last = net.gru(net.embeddings["words"](tokens[place : place + 1, :length]))
        torch.testing.assert_close(states[place, :length], alone[0], rtol=0, atol=1e-14)
        torch.testing.assert_close(summaries[place], last[:, 0].flatten(), rtol=0, atol=1e-14)
    assert not states[1].any()
    assert not states[0, 2:].any()
    assert not summaries[1].any()
    assert present.tolist() == [[True, True, False, False], [False] * 4, [True] * 4]
