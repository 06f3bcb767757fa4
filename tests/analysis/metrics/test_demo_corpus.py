"""The metrics' laws on all songs of the demo corpus, and how long they take for many clips."""

import time
from dataclasses import replace

import numpy as np
import pytest

import registry
from analysis.metrics.base_metric import SAME, UP, BaseMetric
from analysis.metrics.scoring import System, floor, score
from tests.analysis.metrics.dances import FPS, UNMOVED, changed, clips

pytestmark = pytest.mark.slow

SONGS, HELD_OUT = 40, 12
ABOUT = {"frame_rate": 0.02}
MANY, MINUTE_S = 300, 60.0

each_metric = pytest.mark.parametrize("name", sorted(set(registry.names("metric")) - UNMOVED))


@pytest.fixture(scope="module")
def encoder() -> object:
    """That of FGD, trained on the songs that are not held out."""
    return registry.find("metric", "fgd")().fit(clips(SONGS)[HELD_OUT:])


def made(name: str, encoder: object) -> BaseMetric:
    return encoder if name == "fgd" else registry.find("metric", name)()  # type: ignore[return-value]


@each_metric
def test_the_oracle_lies_within_the_floor(name: str, encoder: object) -> None:
    real, metric = clips(SONGS), made(name, encoder)
    oracle = [System("oracle", (clips(HELD_OUT, 1000), clips(HELD_OUT, 1001)))]
    value = score(metric, oracle, real[HELD_OUT:], real[:HELD_OUT], resamplings=0)["oracle"].value
    low, high = floor(metric, real, HELD_OUT)
    if metric.paired:
        assert np.isnan([low, high]).all()  # a real dance is its own pair
        assert value > 0.3
    else:
        assert low - 1e-9 <= value <= high + 1e-9


@each_metric
def test_effects_are_as_declared(name: str, encoder: object) -> None:
    metric, real = made(name, encoder), clips(HELD_OUT)
    reference = clips(HELD_OUT + 12)[12:] if not metric.paired else real
    before = metric.value(clips(HELD_OUT, 1), reference if metric.compares else ())
    for change, effect in metric.effects.items():
        others = clips(HELD_OUT + 12, fps=2 * FPS)[12:] if change == "frame_rate" else reference
        after = metric.value(changed(change, HELD_OUT, 1), others if metric.compares else ())
        if effect == SAME:
            assert after == pytest.approx(before, rel=ABOUT.get(change, 1e-6), abs=1e-9), change
        else:
            assert after > before if effect == UP else after < before, change


def test_many_clips_take_less_than_a_minute(encoder: object) -> None:
    some = clips(SONGS)
    many = [replace(some[i % SONGS], sequence_id=f"clip_{i}") for i in range(MANY)]
    began = time.process_time()
    for name in registry.names("metric"):
        assert np.isfinite(made(name, encoder).value(many, many)), name
    assert time.process_time() - began < MINUTE_S
