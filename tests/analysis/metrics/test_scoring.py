"""Scores, intervals and floors of sets of clips."""

from typing import Any

import numpy as np
import pytest

import registry
from analysis.metrics.base_metric import BaseMetric
from analysis.metrics.clip import Clip, Danced
from analysis.metrics.scoring import Score, System, floor, ideal, score, unfit, unranked
from data import demo_songs
from tests.analysis.metrics.dances import changed, clips

SONGS, DANCED = 12, 4


def metric(name: str) -> BaseMetric:
    return registry.find("metric", name)()


def still(sequence_id: str, positions: np.ndarray | None = None, **known: Any) -> Clip:
    """A clip of one joint that stands, or of joints that are somewhere, of which something is known."""
    positions = np.zeros((1, 1, 3)) if positions is None else positions
    return Clip(sequence_id, 30.0, positions, tuple("abcdefgh"[: positions.shape[1]]), **known)


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


@pytest.mark.parametrize(("size", "least"), [(6, 0.8), (12, 0.85), (40, 0.88)])
def test_intervals_hold_the_truth_about_as_often_as_they_say(size: int, least: float) -> None:
    """Of normal draws, whose mean is known; of few, an interval of resampled ones is known to be too short."""
    rng, truth, held = np.random.default_rng(0), 3.0, 0
    for values in truth + rng.standard_normal((200, size)):
        drawn = tuple(still(f"clip_{i}", nats=value) for i, value in enumerate(values))
        found = score(metric("nll"), [System("drawn", (drawn,))], (), (), resamplings=100)["drawn"]
        held += found.low <= truth <= found.high
    assert least < held / 200 < 0.99


def test_intervals_end_where_values_do() -> None:
    dances = [Danced(("kick",) * kicks + ("none",) * (10 - kicks), {"kick": 1.0}) for kicks in (9, 10, 10, 10)]
    most = System("most", (tuple(still(f"clip_{i}", danced=dance) for i, dance in enumerate(dances)),))
    ends = [score(metric("coverage"), [most], (), (), resamplings=20, seed=seed)["most"].high for seed in range(9)]
    assert max(ends) == 1.0
    held = System("held", (changed("freezing", DANCED, 1),))
    for name in ("cca", "jerk"):
        found = score(metric(name), [held], clips(SONGS), clips(DANCED), resamplings=40)["held"]
        assert metric(name).bounds[0] <= found.low <= found.high <= metric(name).bounds[1]


def test_intervals_of_equal_clips_are_their_value() -> None:
    real = clips(SONGS)
    same = [System("same", (tuple(real[:1]) * 3,))]
    constant = score(metric("jerk"), same, real[DANCED:], (), resamplings=10)["same"]
    assert (constant.low, constant.high) == pytest.approx((constant.value, constant.value))


def walks(seed: int, count: int) -> tuple[Clip, ...]:
    rng = np.random.default_rng(seed)
    return tuple(still(f"walk_{i}", positions=rng.standard_normal((200, 8, 3)).cumsum(axis=0)) for i in range(count))


@pytest.mark.parametrize("count", [4, 5, 6, 9])
def test_no_sequence_is_both_fitted_and_measured_on(count: int) -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        order = metric("cca").redraw(count, rng)
        assert len(order) == count
        assert not set(order[::2]) & set(order[1::2])
    independent = score(metric("cca"), [System("walks", (walks(0, count),))], (), walks(1, count))["walks"]
    assert -1.0 <= independent.low < independent.value < independent.high <= 1.0
    assert independent.low < 0.0 < independent.high


def test_two_halves_of_one_sequence_have_no_interval() -> None:
    found = score(metric("cca"), [System("walks", (walks(0, 3),))], (), walks(1, 3), resamplings=5)["walks"]
    assert np.isfinite(found.value)
    assert np.isnan([found.low, found.high]).all()


def test_clips_that_a_mean_leaves_out_are_told_of() -> None:
    some = (*clips(DANCED)[1:], clips(1)[0].cut(0, 2))
    found = score(metric("jerk"), [System("some", (some, clips(DANCED)))], (), (), resamplings=3)["some"]
    assert found.note == "1 of 8 clips have no value and are left out"
    assert np.isfinite(found.value)


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
    blended = [*systems(), System("blended", (changed("blending", DANCED, 1),), "degraded", "blending")]
    jumps = score(metric("drop_jumps"), blended, real[DANCED:], (), resamplings=0)
    assert unfit(metric("drop_jumps"), jumps, blended) == ["mismatched", "blended"]  # of songs that drop at one time
    fitting = score(metric("coverage"), blended, real[DANCED:], (), resamplings=0)
    assert unfit(metric("coverage"), fitting, blended) == []


def test_what_is_right_is_known_or_that_of_real_motion() -> None:
    """Six dances return more or less often than they were composed to."""

    def right(name: str, rows: list[System]) -> float:
        return ideal(metric(name), score(metric(name), rows, clips(SONGS)[DANCED:], (), resamplings=0), rows)

    assert right("return_rate", systems()) == pytest.approx(demo_songs.RETURN_PROBABILITY)
    assert right("speed", systems()) == metric("speed").value(clips(SONGS)[:DANCED])
    assert np.isfinite(right("diversity_k", systems()))  # which is measured beside other motion
    assert np.isnan(right("fpd", systems()))
    assert np.isnan(right("speed", systems()[1:]))


def test_what_has_no_value_is_neither_worse_nor_no_worse() -> None:
    offset, held = metric("beat_offset"), System("held", (changed("freezing", DANCED, 1),), "degraded", "freezing")
    rows = [*systems(), held]
    scores = score(offset, rows, clips(SONGS)[DANCED:], (), resamplings=0)
    assert np.isnan(scores["held"].value)
    assert scores["held"].note
    assert unranked(offset, scores, rows) == ["held"]
    assert "held" not in unfit(offset, scores, rows)
    assert unranked(offset, scores | {"oracle": Score(float("nan"))}, rows) == ["trembling", "mismatched", "held"]
    assert unfit(offset, scores | {"oracle": Score(float("nan"))}, rows) == []
    assert unranked(offset, scores, [row for row in rows if row.kind != "oracle"]) == []
