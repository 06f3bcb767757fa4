"""Scores, intervals and floors of sets of clips."""

import numpy as np
import pytest

import registry
from analysis.metrics.scoring import System, floor, score, unfit
from tests.analysis.metrics.dances import changed, clips

SONGS, DANCED = 12, 4


def metric(name: str) -> object:
    return registry.find("metric", name)()


def systems() -> list[System]:
    """The dances of the first songs, other valid ones, and ones that are worse."""
    return [
        System("real", (clips(SONGS)[:DANCED],), "real"),
        System("oracle", (clips(DANCED, 1), clips(DANCED, 2)), "oracle"),
        System("trembling", (changed("noise", DANCED, 1),), "degraded", "noise"),
        System("mismatched", (changed("mismatch", DANCED, 1),), "degraded", "mismatch"),
    ]


@pytest.mark.parametrize("name", ["jerk", "hellinger", "beat_alignment", "fpd", "return_rate", "speed", "pfc"])
def test_the_oracle_lies_within_the_floor_of_real_motion(name: str) -> None:
    real, chosen = clips(SONGS), metric(name)
    scores = score(chosen, systems(), real[DANCED:], real[:DANCED], resamplings=0)
    low, high = floor(chosen, real, DANCED, splits=100)
    assert low <= scores["oracle"].value <= high
    assert low < high


def test_what_is_worse_lies_beyond_the_floor() -> None:
    real = clips(SONGS)
    for name, worse in {"jerk": "trembling", "hellinger": "trembling", "beat_alignment": "mismatched"}.items():
        scores = score(metric(name), systems(), real[DANCED:], real[:DANCED], resamplings=0)
        low, high = floor(metric(name), real, DANCED, splits=100)
        assert not low <= scores[worse].value <= high


def test_intervals_hold_the_value_and_shrink_to_it_for_equal_clips() -> None:
    real = clips(SONGS)
    found = score(metric("fpd"), systems(), real[DANCED:], (), resamplings=40)["oracle"]
    assert found.low < found.value < found.high
    same = [System("same", (tuple(real[:1]) * 3,))]
    constant = score(metric("jerk"), same, real[DANCED:], (), resamplings=10)["same"]
    assert (constant.low, constant.high) == pytest.approx((constant.value, constant.value))


def test_the_value_is_the_mean_over_sets_of_samples() -> None:
    real = clips(SONGS)
    both = score(metric("fpd"), systems(), real[DANCED:], (), resamplings=0)["oracle"].value
    each = [metric("fpd").value(clips(DANCED, seed), real[DANCED:]) for seed in (1, 2)]
    assert both == pytest.approx(np.mean(each))


def test_what_cannot_be_computed_says_why() -> None:
    few = [System("few", (clips(1)[:1],))]
    found = score(metric("fid_k"), few, clips(SONGS), (), resamplings=2)["few"]
    assert np.isnan(found.value)
    assert "needs more than" in found.note
    assert all(np.isnan(floor(metric("cca"), clips(SONGS), DANCED)))


def test_a_metric_that_is_blind_to_what_is_worse_is_unfit() -> None:
    real = clips(SONGS)
    beats = score(metric("beat_alignment"), systems(), real[DANCED:], (), resamplings=0)
    assert unfit(metric("beat_alignment"), beats, systems()) == []
    speeds = score(metric("speed"), systems(), real[DANCED:], (), resamplings=0)
    assert "mismatched" not in unfit(metric("speed"), speeds, systems())  # it declares to be blind to that
    skating = score(metric("coverage"), systems(), real[DANCED:], (), resamplings=0)
    assert unfit(metric("coverage"), skating, systems()) == ["trembling", "mismatched"]
