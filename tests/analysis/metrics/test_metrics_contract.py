"""What every metric of the registry promises, shown on dances of the demo corpus."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import registry
from analysis.metrics.base_metric import DOWN, HIGHEST, LOWEST, REAL, SAME, UP, BaseMetric
from analysis.metrics.clip import Clip
from analysis.metrics.scoring import System, score
from tests.analysis.metrics.dances import FPS, UNMOVED, changed, clips

NAMES = registry.names("metric")
COUNT = 7
"""The first six songs drop at one time: it takes another to miss a drop of."""
SMALL: Mapping[str, dict[str, Any]] = {
    **{name: {"piece_s": 2.0, "few_samples": True} for name in ("fid_k", "fid_g", "diversity_k", "diversity_g")},
    "fgd": {"few_samples": True, "steps": 60},
}
"""What makes metrics serve for a few short dances."""
TOLERANCE = {"frame_rate": 0.02}
"""Relative; the same motion in twice the frames has details that half of them do not show."""

each_metric = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(scope="module")
def fitted() -> Callable[[str], BaseMetric]:
    made: dict[str, BaseMetric] = {}

    def get(name: str) -> BaseMetric:
        if name not in made:
            made[name] = registry.find("metric", name)(**SMALL.get(name, {})).fit(clips(COUNT))
        return made[name]

    return get


def value_of(metric: BaseMetric, change: str | None) -> float:
    """The value of other valid dances of the songs to which something was done."""
    real = clips(COUNT, fps=2 * FPS) if change == "frame_rate" else clips(COUNT)
    generated = changed(change, COUNT, 1) if change else clips(COUNT, 1)
    return metric.value(generated, real if metric.compares else ())


@each_metric
def test_effects_are_as_declared(name: str, fitted: Callable[[str], BaseMetric]) -> None:
    metric = fitted(name)
    assert bool(metric.effects) == (name not in UNMOVED)
    assert set(metric.effects.values()) != {SAME}
    before = value_of(metric, None)
    for change, effect in metric.effects.items():
        after = value_of(metric, change)
        if effect == SAME:
            assert after == pytest.approx(before, rel=TOLERANCE.get(change, 1e-6), abs=1e-9), change
        else:
            assert effect in (UP, DOWN)
            assert after > before if effect == UP else after < before, change


@each_metric
def test_self_comparison_gives_the_best_value(name: str, fitted: Callable[[str], BaseMetric]) -> None:
    metric, real = fitted(name), clips(COUNT)
    assert metric.best in (LOWEST, HIGHEST, REAL)
    itself = metric.value(real, real)
    if metric.compares and metric.best == LOWEST:
        assert itself == pytest.approx(0.0, abs=1e-6)
        assert value_of(metric, None) > itself
    if metric.compares and metric.best == HIGHEST:
        assert itself == pytest.approx(1.0, abs=1e-6)
        assert value_of(metric, None) < itself


@each_metric
def test_noise_has_a_finite_value(name: str, fitted: Callable[[str], BaseMetric]) -> None:
    rng = np.random.default_rng(0)
    noise = [
        replace(clip, positions=rng.standard_normal(clip.positions.shape), features=rng.standard_normal(shape))
        for clip in clips(COUNT)
        if clip.features is not None and (shape := clip.features.shape)
    ]
    assert np.isfinite(fitted(name).value(noise, clips(COUNT)))


@each_metric
def test_clips_that_do_not_fit_are_refused(name: str, fitted: Callable[[str], BaseMetric]) -> None:
    metric, clip = fitted(name), clips(COUNT)[0]
    with pytest.raises(ValueError, match="no clips"):
        metric.value([])
    with pytest.raises(ValueError, match="frames a second"):
        metric.value([clip, replace(clip, fps=2 * clip.fps)])
    with pytest.raises(ValueError, match="different joints"):
        metric.value([clip, replace(clip, joints=clip.joints[::-1])])
    for field in set(metric.reads) - {"positions"}:
        with pytest.raises(ValueError, match=f"reads {field}"):
            metric.value([replace(clip, **{field: None})])
    with pytest.raises(LookupError, match="no variant 'nonsense'"):
        type(metric)("nonsense")


@each_metric
def test_a_clip_that_is_not_finite_is_refused_by_name(name: str, fitted: Callable[[str], BaseMetric]) -> None:
    metric, some = fitted(name), clips(COUNT)
    for field in set(metric.reads) - {"danced"}:
        values = np.array(getattr(some[2], field), dtype=float)
        values.flat[-1] = np.nan
        broken = (*some[:2], replace(some[2], **{field: values}), *some[3:])
        with pytest.raises(ValueError, match=f"{field}, which are not finite in {some[2].sequence_id}"):
            metric.value(broken, some)


def held(clip: Clip, frames: int) -> Clip:
    """The first pose of a clip, for so many frames."""
    assert clip.features is not None
    poses = {field: np.repeat(getattr(clip, field)[:1], frames, axis=0) for field in ("positions", "features")}
    return replace(clip.cut(0, frames), **poses)


@each_metric
def test_short_and_held_clips_have_a_value_or_a_reason(name: str, fitted: Callable[[str], BaseMetric]) -> None:
    real = clips(COUNT)
    cases = [[clip.cut(0, frames) for clip in real] for frames in range(5)]
    cases += [[held(clip, clip.frames) for clip in real], [held(real[0], 1)], [held(real[0], 60)]]
    for some in cases:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            systems = [System("short", (tuple(some),)), System("real", (real,), "real")]
            found = score(fitted(name), systems, real, real, resamplings=3)
        assert np.isfinite(found["short"].value) or found["short"].note
        assert np.isfinite(found["real"].value)


@each_metric
def test_values_and_intervals_lie_within_bounds(name: str, fitted: Callable[[str], BaseMetric]) -> None:
    metric, real = fitted(name), clips(COUNT)
    low, high = metric.bounds
    assert low < high
    systems = [System(change, (changed(change, COUNT, 1),)) for change in ("noise", "reversal", "mirroring")]
    for found in score(metric, systems, real, real, resamplings=10).values():
        assert low <= found.low <= found.high <= high
        assert low <= found.value <= high


@each_metric
def test_what_a_table_says_of_it_is_declared(name: str) -> None:
    metric = registry.find("metric", name)
    assert metric.title
    assert metric.definition().endswith(".")
    assert metric.unit
    assert set(metric.reads) <= {"positions", "features", "beats_s", "danced", "nats", "bits"}
    assert metric.variants[0] == ""
