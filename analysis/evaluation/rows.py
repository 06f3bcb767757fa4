"""From systems to rows of a table: each metric fitted, scored, with its floor."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from analysis.evaluation.results import Row
from analysis.metrics.base_metric import BaseMetric
from analysis.metrics.clip import Clip
from analysis.metrics.scoring import System, floor, score, unfit

log = logging.getLogger(__name__)

ENCODER = "{}_encoder.npz"


def compute_rows(
    metrics: Mapping[str, BaseMetric],
    systems: Sequence[System],
    reference: Sequence[Clip],
    paired: Sequence[Clip],
    folder: Path,
    *,
    resamplings: int,
    seed: int = 0,
) -> list[Row]:
    """The row of each metric by its label.

    Args:
        metrics: by their labels.
        systems: what is evaluated.
        reference: real clips of other sequences, which metrics are fitted on and distances are taken from.
        paired: real clips of the same sequences.
        folder: where encoders are stored, FGD's as fgd_encoder.npz.
        resamplings: for the intervals.
        seed: of the resampling.
    """
    rows = []
    for label, metric in metrics.items():
        log.info("computing %s", label)
        fitted = fit_metric(label, metric, reference, folder)
        scores = score(fitted, systems, reference, paired, resamplings=resamplings, seed=seed)
        limits = floor(fitted, [*paired, *reference], len(systems[0].samples[0]), seed=seed)
        rows.append(Row(label, fitted, scores, limits, unfit(fitted, scores, systems)))
    return rows


def fit_metric(label: str, metric: BaseMetric, reference: Sequence[Clip], folder: Path) -> BaseMetric:
    """The metric, trained where it has to be; its encoder, if it has one, is stored in the folder under its label."""
    try:
        fitted = metric.fit(reference)
    except ValueError:
        return metric  # it says itself why it cannot be computed
    encoder = getattr(fitted, "encoder", None)
    if encoder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        encoder.save(folder / ENCODER.format(label.replace(":", "_")))
    return fitted
