"""The demo corpus's speech and gestures: text and sound each carry what the other does not."""

import json
from dataclasses import replace

import numpy as np
import pytest

from data import demo_speech, demo_voice
from data.demo_gestures import GESTURE_PROBABILITY, gesticulate, gesture_poses, plan, rest_pose
from data.demo_recognise import recognise_gestures, score_gestures
from data.demo_rig import solve
from data.demo_speech import DURATION_S, KEYWORDS, Recording, Word
from feature_extraction.motion.resample import resample

RECORDINGS = demo_speech.write_speeches(0)
HELD_OUT = [recording for recording in RECORDINGS if recording.split != "train"]


def called(recording: Recording, seed: int = 0) -> list[tuple[str, float]]:
    return [(name, apex) for name, _, apex in plan(recording, seed).gestures]


def held(pose: np.ndarray):
    return solve(np.repeat(pose[None], 60, axis=0), 30.0)


def test_there_are_24_recordings_6_of_them_held_out() -> None:
    assert len(RECORDINGS) == 24
    assert len(HELD_OUT) == 6
    assert {recording.split for recording in HELD_OUT} == {"val", "test"}


def test_the_vocabulary_has_200_words_8_of_them_keywords() -> None:
    vectors = demo_speech.word_vectors(0)
    assert len(vectors) == 200
    assert len(KEYWORDS) == len(set(KEYWORDS.values())) == 8
    assert set(KEYWORDS.values()) == set(gesture_poses())
    assert {word.word for recording in RECORDINGS for word in recording.words} <= set(vectors)


def test_a_keyword_comes_every_3_seconds_on_average() -> None:
    total = sum(len(recording.keywords) for recording in RECORDINGS)
    assert len(RECORDINGS) * DURATION_S / total == pytest.approx(3.0, abs=0.15)


def test_words_follow_each_other_and_are_made_of_syllables() -> None:
    for recording in RECORDINGS:
        ends = np.array([(word.start_s, word.end_s) for word in recording.words])
        assert (ends[:, 1] > ends[:, 0]).all()
        assert (ends[1:, 0] > ends[:-1, 1]).all()
        assert ends[-1, 1] < DURATION_S
        starts = {syllable.start_s for syllable in recording.syllables}
        assert {word.start_s for word in recording.words} <= starts


def test_keywords_call_their_gesture_with_its_probability_and_apex_within_a_second() -> None:
    planned = [plan(recording, seed).gestures for recording in RECORDINGS for seed in range(20)]
    keywords = 20 * sum(len(recording.keywords) for recording in RECORDINGS)
    assert sum(map(len, planned)) / keywords == pytest.approx(GESTURE_PROBABILITY, abs=0.01)
    assert max(abs(apex - word) for gestures in planned for _, word, apex in gestures) < 1


def test_stressed_syllables_outside_gestures_call_beats() -> None:
    for recording in HELD_OUT:
        performed = plan(recording, 0)
        stresses = {round(instant, 3) for instant in recording.stresses}
        beats = {instant for instant, _ in performed.beats}
        assert beats
        assert beats <= stresses
        silent = stresses - beats
        assert all(min(abs(instant - apex) for _, _, apex in performed.gestures) < 1 for instant in silent)


def test_the_sound_does_not_depend_on_the_words() -> None:
    recording = RECORDINGS[0]
    others = tuple(Word("the", word.start_s, word.end_s) for word in recording.words)
    np.testing.assert_array_equal(
        demo_voice.synthesise(replace(recording, words=others)), demo_voice.synthesise(recording)
    )


def test_length_and_stress_of_a_word_do_not_depend_on_the_word() -> None:
    length = {True: [], False: []}
    stressed = {True: [], False: []}
    for recording in RECORDINGS:
        stresses = np.array(recording.stresses)
        for word in recording.words:
            length[word.word in KEYWORDS].append(word.end_s - word.start_s)
            stressed[word.word in KEYWORDS].append(((stresses > word.start_s) & (stresses < word.end_s)).any())
    assert np.mean(length[True]) == pytest.approx(np.mean(length[False]), rel=0.05)
    assert np.mean(stressed[True]) == pytest.approx(np.mean(stressed[False]), abs=0.05)


def test_stressed_syllables_are_louder_and_higher() -> None:
    recording = RECORDINGS[0]
    sound = demo_voice.synthesise(recording)
    assert np.abs(sound).max() < 1
    loudness: dict[bool, list[float]] = {False: [], True: []}
    pitch: dict[bool, list[float]] = {False: [], True: []}
    for start_s, end_s, stressed in recording.syllables:
        part = sound[round(start_s * demo_voice.SAMPLE_RATE) : round(end_s * demo_voice.SAMPLE_RATE)]
        loudness[stressed].append(part.std())
        repeats = np.correlate(part, part, "full")[len(part) :]
        shortest, longest = (int(demo_voice.SAMPLE_RATE / hertz) for hertz in (320, 80))
        pitch[stressed].append(demo_voice.SAMPLE_RATE / (shortest + 1 + repeats[shortest:longest].argmax()))
    assert np.median(loudness[True]) > 1.5 * np.median(loudness[False])
    assert np.median(pitch[True]) > 1.2 * np.median(pitch[False])


def test_the_same_recording_sounds_and_is_gesticulated_the_same() -> None:
    recording = RECORDINGS[0]
    np.testing.assert_array_equal(demo_voice.synthesise(recording), demo_voice.synthesise(recording))
    np.testing.assert_array_equal(gesticulate(recording, 0).rotations, gesticulate(recording, 0).rotations)
    assert plan(recording, 0) != plan(recording, 1)


def test_a_recording_is_read_back_from_json() -> None:
    written = json.loads(json.dumps(RECORDINGS[0].to_dict()))
    assert Recording.from_dict(written) == RECORDINGS[0]


def test_the_transcript_has_the_form_of_genea() -> None:
    recording = RECORDINGS[0]
    results = json.loads(recording.transcript())
    words = [word for result in results for word in result["alternatives"][0]["words"]]
    assert len(results) > 5
    assert [word["word"] for word in words] == [word.word for word in recording.words]
    assert words[0]["start_time"] == f"{recording.words[0].start_s:.3f}s"
    assert set(words[0]) == {"word", "start_time", "end_time"}


@pytest.mark.parametrize(("fps", "seed"), [(30, 0), (20, 3)])
def test_gestures_of_held_out_recordings_are_recognised(fps: int, seed: int) -> None:
    scores = []
    for recording in HELD_OUT:
        found = recognise_gestures(resample(gesticulate(recording, seed), fps))
        scores.append(score_gestures(found, called(recording, seed), DURATION_S))
    assert np.mean([score["recall"] for score in scores]) >= 0.99
    assert np.mean([score["false_alarms_per_minute"] for score in scores]) <= 0.2


@pytest.mark.parametrize("name", list(gesture_poses()))
def test_a_gesture_is_itself_and_its_mean_with_another_is_none(name: str) -> None:
    apex = gesture_poses()[name]
    assert [found for found, _ in recognise_gestures(held(rest_pose() + apex))] == [name]
    for other in gesture_poses().values():
        if other is not apex:
            assert recognise_gestures(held(rest_pose() + (apex + other) / 2)) == []


def test_a_speaker_at_rest_makes_no_gesture() -> None:
    assert recognise_gestures(held(rest_pose())) == []


def test_scores_count_the_missed_and_the_invented() -> None:
    truth = [("point", 1.0), ("raise", 4.0)]
    found = [("point", 1.5), ("point", 1.6), ("raise", 5.2), ("push", 9.0)]
    assert score_gestures(found, truth, 30.0) == {"recall": 0.5, "false_alarms_per_minute": 6.0}
