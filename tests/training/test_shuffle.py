"""The computed shuffle is a permutation, another one for other seeds, and even."""

import numpy as np
import pytest

from training.shuffle import Shuffle


@pytest.mark.parametrize("size", [1, 2, 3, 5, 16, 17, 1000, 65537])
def test_each_window_comes_once(size: int) -> None:
    assert sorted(Shuffle(size, 4, 2)[np.arange(size)]) == list(range(size))


def test_other_seeds_give_another_order() -> None:
    places = np.arange(500)
    orders = [Shuffle(500, *seeds)[places] for seeds in ((0, 0), (0, 1), (1, 0))]
    assert all((one == other).mean() < 0.05 for one in orders for other in orders if one is not other)


def test_a_place_does_not_depend_on_what_else_is_asked() -> None:
    shuffle = Shuffle(1000, 7)
    whole = shuffle[np.arange(1000)]
    assert np.array_equal(shuffle[np.array([[3, 999], [0, 3]])], whole[[[3, 999], [0, 3]]])


def test_every_window_comes_early_as_often_as_late() -> None:
    size, epochs = 400, 400
    counts = np.zeros((10, 10))
    for epoch in range(epochs):
        found = Shuffle(size, 0, epoch)[np.arange(size)]
        np.add.at(counts, (np.arange(size) * 10 // size, found * 10 // size), 1)
    expected = size * epochs / 100
    # Pearson's statistic has 81 degrees of freedom: above 140 once in ten thousand times.
    assert ((counts - expected) ** 2 / expected).sum() < 140


def test_a_large_corpus_takes_no_memory() -> None:
    size = 720_000_000
    found = Shuffle(size, 1)[np.arange(size - 64, size)]
    assert len(set(found.tolist())) == 64
    assert 0 <= found.min() <= found.max() < size
