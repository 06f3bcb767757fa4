"""Metrics of the moves that are danced, on dances that are written down."""

import pytest

import registry
from analysis.metrics.clip import Danced
from data import demo_dance, demo_songs

HALVES = {"kick": 0.5, "turn": 0.5}


def value(name: str, *dances: Danced) -> float:
    return registry.find("metric", name)().score(dances)


def test_moves_are_counted() -> None:
    dance = Danced(("kick", "turn", "kick", "none", "wave", "none"), HALVES, jumps=(True, False))
    assert value("none_share", dance) == pytest.approx(2 / 6)
    assert value("coverage", dance) == pytest.approx(3 / 6)
    assert value("return_rate", dance) == pytest.approx(1 / 4)
    assert value("drop_jumps", dance, dance) == pytest.approx(0.5)
    assert value("distinct_moves", Danced(("kick", "turn", "none"), HALVES)) == pytest.approx(1.0)
    assert value("distinct_moves", Danced(("none", "none"), HALVES)) == 0.0


def test_variation_is_from_the_probabilities_of_each_kind_of_music() -> None:
    right = Danced(("kick", "turn"), HALVES)
    one_sided = Danced(("kick", "kick"), HALVES)
    foreign = Danced(("wave", "wave"), HALVES)
    assert value("move_variation", right) == 0.0
    assert value("move_variation", one_sided) == 0.5
    assert value("move_variation", foreign) == 1.0
    other = Danced(("wave", "wave", "wave", "wave"), {"wave": 1.0})
    assert value("move_variation", one_sided, other) == pytest.approx((2 * 0.5 + 4 * 0.0) / 6)


def test_the_corpus_itself_returns_as_often_as_it_says_and_varies_little() -> None:
    songs = [song for song in demo_songs.compose(0) if song.style == "bell"]
    probabilities = demo_songs.STYLES["bell"]
    dances = [Danced(tuple(demo_dance.danced_moves(song, seed)), probabilities) for song in songs for seed in range(6)]
    assert value("return_rate", *dances) == pytest.approx(demo_songs.RETURN_PROBABILITY, abs=0.06)
    assert value("move_variation", *dances) < 0.15
