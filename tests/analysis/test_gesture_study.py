"""The study of gestures counts what is there, finds nothing where nothing is, and its intervals cover."""

from dataclasses import replace

import numpy as np
import pytest

from analysis import study
from analysis.gesture_study import Condition, interval, report
from analysis.gesture_trials import Talk, Trial, judge, new_talks


@pytest.fixture(scope="module")
def talks() -> list[Talk]:
    return new_talks(1000, 2)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_a_valid_performance_has_its_gestures_and_beats(talks: list[Talk], rng: np.random.Generator) -> None:
    trial = judge(talks[0], talks[0].performed(1), rng)
    assert trial.recall > 0.7  # the corpus makes 85 % of them
    assert trial.false_alarms == 0
    assert trial.beat > 8


def test_a_performance_of_another_talk_has_neither(talks: list[Talk], rng: np.random.Generator) -> None:
    trial = judge(talks[0], talks[1].performed(1), rng)
    assert trial.recall < 0.2
    assert abs(trial.beat) < 3


def test_other_orders_of_the_words_keep_times_and_words(talks: list[Talk], rng: np.random.Generator) -> None:
    true, other = talks[0].transcript.words, talks[0].shuffled(rng).words
    assert [word[1:] for word in other] == [word[1:] for word in true]
    assert sorted(word.text for word in other) == sorted(word.text for word in true)
    assert sum(one.text != two.text for one, two in zip(true, other, strict=True)) > len(true) / 2


def test_speech_is_free_where_no_keyword_is_near(talks: list[Talk]) -> None:
    apexes = [instant for _, instant in talks[0].called]
    free = talks[0].is_free(np.array([apexes[0], apexes[0] + 0.9, apexes[0] - 5]))
    assert free.tolist() == [False, False, min(abs(each - apexes[0] + 5) for each in apexes) > 1]


def test_an_interval_covers_the_mean_of_what_was_drawn(rng: np.random.Generator) -> None:
    covered = 0
    for _ in range(60):
        talk = rng.normal(0.3, 0.2, size=24)
        low, high = interval(talk + rng.normal(0, 0.05, size=(3, 24)), rng)
        covered += low < 0.3 < high
    assert covered >= 50


def test_the_report_says_how_much_the_right_words_help() -> None:
    trial = Trial(recall=0.5, false_alarms=1, free_s=30.0, beat=4.0)
    rows = [[trial] * 4] * 3
    less = [[replace(trial, recall=0.1)] * 4] * 3
    lines = report([Condition(name, less if name == "c" else rows) for name in "abcd"])
    assert lines[2] == "| a | 50.0 [50.0, 50.0] | 2.00 | 4.0 [4.0, 4.0] |"
    assert "40.0 [40.0, 40.0] percentage points more often" in lines[-1]


def test_an_unknown_study_gets_the_nearest_name() -> None:
    with pytest.raises(LookupError, match="did you mean gestures"):
        study.main(["gesture"])
