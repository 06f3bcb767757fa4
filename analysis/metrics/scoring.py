"""Scores of systems by metrics: values, intervals over sequences, and the floor that real motion itself has."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from analysis.metrics.base_metric import HIGHEST, LOWEST, REAL, SAME, BaseMetric
from analysis.metrics.clip import Clip

log = logging.getLogger(__name__)

CONFIDENCE = 0.95
FLOOR_CONFIDENCE, FLOOR_DEVIATIONS = 0.999, 3.29
"""The share of a normal distribution that lies within so many deviations of its mean."""
RESAMPLINGS = 200
SPLITS = 400


@dataclass(frozen=True)
class System:
    """What is evaluated: for each sample number a clip of every sequence, in the same order."""

    name: str
    samples: tuple[tuple[Clip, ...], ...]
    kind: str = "model"
    """`model`, or what else stands in a table beside them: `real`, `oracle`, `degraded`."""
    change: str = ""
    """What was done to degrade it, by the name that metrics declare its effect by."""


@dataclass(frozen=True)
class Score:
    """A value with its interval; nan with a `note` saying why where there is none, or what it leaves out."""

    value: float
    low: float = float("nan")
    high: float = float("nan")
    note: str = ""


def score(
    metric: BaseMetric,
    systems: Sequence[System],
    reference: Sequence[Clip],
    paired: Sequence[Clip],
    *,
    resamplings: int = RESAMPLINGS,
    seed: int = 0,
) -> dict[str, Score]:
    """Give each system's score by name.

    A set of samples has a clip for each sequence, so that sets are as large as that of real motion; the value is the
    mean over the sets. The interval is what resampling the sequences with replacement gives, moved to lie about the
    value: a resampled set holds clips twice, is less varied, and further from any other. It ends where the metric's
    values do. Of six sequences it holds the true mean in some 86 of 100 cases, of forty in 94.

    Args:
        metric: fitted.
        systems: what is evaluated.
        reference: real clips of other sequences, which distances are taken from.
        paired: real clips of the same sequences, for metrics that compare pairs.
        resamplings: for the interval; 0 for none.
        seed: of the resampling.
    """
    beside, mistake = _described(metric, paired if metric.paired else reference if metric.compares else ())
    found = {}
    for system in systems:
        sets: list[list[Any]] = []
        if not mistake:
            described = [_described(metric, clips) for clips in system.samples]
            sets, mistakes = [each for each, _ in described], [each for _, each in described if each]
        if mistake or mistakes:
            found[system.name] = Score(float("nan"), note=mistake or mistakes[0])
            continue
        found[system.name] = _interval(metric, sets, beside, resamplings, np.random.default_rng(seed))
    return found


def floor(
    metric: BaseMetric, real: Sequence[Clip], size: int, *, splits: int = SPLITS, seed: int = 0
) -> tuple[float, float]:
    """Give the interval in which FLOOR_CONFIDENCE of the values of real motion lie.

    It is that of `size` real clips drawn at random, beside all the others: what a perfect model of so many sequences
    gets. nan where the metric has no such value (it compares pairs, or there are too few clips).
    """
    nothing = float("nan"), float("nan")
    if metric.paired or size >= len(real):
        return nothing
    described, mistake = _described(metric, real)
    if mistake:
        return nothing
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(splits):
        order = rng.permutation(len(real))
        drawn, others = ([described[i] for i in part] for part in (order[:size], order[size:]))
        values.append(_attempt(partial(metric.score, drawn, others))[0])
    known = np.array(values)[np.isfinite(values)]
    if not len(known):
        return nothing
    # so many splits hold no quantiles as rare as these: those of a normal distribution, or of one's logarithm
    positive = bool((known > 0).all())
    spread = np.log(known) if positive else known
    limits = spread.mean() + FLOOR_DEVIATIONS * spread.std() * np.array([-1.0, 1.0])
    low, high = np.exp(limits) if positive else limits
    low, high = np.clip([min(low, known.min()), max(high, known.max())], *metric.bounds)
    return float(low), float(high)


def unfit(metric: BaseMetric, scores: Mapping[str, Score], systems: Sequence[System]) -> list[str]:
    """Give the degraded systems that a metric finds no worse than the oracle: it says nothing about them.

    Of metrics whose best value is that of real motion, the distance from the `ideal` counts. A change that a metric
    declares to be blind to does not. What is `unranked` is neither worse nor no worse.
    """
    found = _badness(metric, scores, systems)
    return [name for name, (degraded, oracle) in found.items() if degraded <= oracle]


def unranked(metric: BaseMetric, scores: Mapping[str, Score], systems: Sequence[System]) -> list[str]:
    """Give the degraded systems that a metric cannot compare with the oracle, since one of the two has no value.

    That is no fault of a metric which has none for such motion: a pose that is held has no beats.
    """
    found = _badness(metric, scores, systems)
    return [name for name, both in found.items() if np.isnan(both).any()]


def ideal(metric: BaseMetric, scores: Mapping[str, Score], systems: Sequence[System]) -> float:
    """Give the value that is right by a metric which is best like real motion; nan for others, and without any."""
    real = next((system for system in systems if system.kind == "real"), None)
    if real is None or metric.best != REAL:
        return float("nan")
    described, _ = _described(metric, real.samples[0])
    known = metric.truth(described) if described else None
    return scores[real.name].value if known is None else known


def _badness(
    metric: BaseMetric, scores: Mapping[str, Score], systems: Sequence[System]
) -> dict[str, tuple[float, float]]:
    """How bad each degraded system is and how bad the oracle, changes that the metric is blind to left out."""
    oracle = next((scores[system.name].value for system in systems if system.kind == "oracle"), None)
    if oracle is None:
        return {}
    right = ideal(metric, scores, systems)

    def badness(value: float) -> float:
        return value if metric.best == LOWEST else -value if metric.best == HIGHEST else abs(value - right)

    degraded = [each.name for each in systems if each.kind == "degraded" and metric.effects.get(each.change) != SAME]
    return {name: (badness(scores[name].value), badness(oracle)) for name in degraded}


def _interval(
    metric: BaseMetric, sets: Sequence[list[Any]], beside: Sequence[Any], resamplings: int, rng: np.random.Generator
) -> Score:
    def mean(order: np.ndarray) -> float:
        return float(np.mean([metric.score([each[i] for i in order], beside) for each in sets]))

    count = len(sets[0])
    value, mistake = _attempt(lambda: mean(np.arange(count)))
    if mistake or not np.isfinite(value):
        return Score(float("nan"), note=mistake or "undefined for this motion")
    silent = sum(metric.left_out(each) for each in sets)
    note = f"{silent} of {count * len(sets)} clips have no value and are left out" if silent else ""
    drawn = [_attempt(lambda: mean(metric.redraw(count, rng)))[0] for _ in range(resamplings)]
    known = np.array(drawn)[np.isfinite(drawn)] if drawn else np.zeros(0)
    if len(known) < 2:
        return Score(value, note=note)
    low, high = np.quantile(known, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    if metric.compares and value > 0 and (known > 0).all():
        low, high = np.array([low, high]) * value / known.mean()
    else:
        low, high = np.array([low, high]) + value - known.mean()
    low, high = np.clip([low, high], *metric.bounds)
    return Score(value, float(low), float(high), note)


def _described(metric: BaseMetric, clips: Sequence[Clip]) -> tuple[list[Any], str]:
    """Descriptions of clips, or why there are none."""
    try:
        if clips:
            metric.refuse(clips)
        return [metric.describe(clip) for clip in clips], ""
    except ValueError as error:
        return [], str(error)


def _attempt(compute: Callable[[], float]) -> tuple[float, str]:
    try:
        return compute(), ""
    except ValueError as error:
        return float("nan"), str(error)
