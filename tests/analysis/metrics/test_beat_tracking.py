"""Scores of tracked beats: agreement with mir_eval, and what they must be without it."""

import json
from pathlib import Path

import numpy as np
import pytest

from analysis.metrics.beat_tracking import SCORES, evaluate_beats, matched


@pytest.mark.parametrize("number", range(5))
def test_scores_are_those_of_mir_eval(number: int, shared_data: Path) -> None:
    folder = shared_data / "mir_eval" / "beat"
    annotated, tracked = (np.loadtxt(folder / f"{kind}{number:02}.txt", ndmin=1) for kind in ("ref", "est"))
    expected = json.loads((folder / f"output{number:02}.json").read_text())
    assert evaluate_beats(annotated, tracked) == pytest.approx(expected, abs=1e-9)


def test_perfect_tracking_has_full_scores() -> None:
    beats = np.arange(0.0, 60.0, 0.5)
    assert set(evaluate_beats(beats, beats).values()) == {1.0}


def test_half_tempo_is_right_at_another_metric_level() -> None:
    beats = np.arange(0.0, 60.0, 0.5)
    scores = evaluate_beats(beats, beats[::2])
    assert scores["Correct Metric Level Total"] < 0.1
    assert scores["Any Metric Level Total"] > 0.9


def test_silence_scores_nothing() -> None:
    assert evaluate_beats(np.arange(10.0), np.zeros(0)) == dict.fromkeys(SCORES, 0.0)


def test_pairs_are_as_many_as_can_be() -> None:
    assert matched(np.array([1.0, 1.05]), np.array([1.06, 1.1]), 0.07) == 2
