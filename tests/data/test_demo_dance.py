"""The demo corpus's songs and dances: what the papers' claims will be measured on has to be as it says."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d
from scipy.signal import argrelmin

from data import demo_dance, demo_music, demo_songs
from data.demo_dance import choreography, dance, danced_moves
from data.demo_motion import FPS, track
from data.demo_moves import BEATS_PER_BAR, moves
from data.demo_recognise import NONE, recognise, recognise_jumps
from data.demo_rig import COLUMNS, SIDES, STANCE_BALL, skeleton, solve
from data.demo_songs import STYLES, Song
from feature_extraction.motion import rotation
from feature_extraction.motion.resample import resample
from feature_extraction.motion.skeleton import Motion, joint_positions

SONGS = demo_songs.compose(0)
HELD_OUT = [song for song in SONGS if song.split != "train"]


def correct(song: Song, motion: Motion, seed: int = 0) -> list[bool]:
    return [a == b for a, b in zip(recognise(motion, song.bars), danced_moves(song, seed), strict=True)]


def mean_speed(motion: Motion) -> np.ndarray:
    steps = np.linalg.norm(np.diff(joint_positions(motion), axis=0), axis=-1).mean(axis=1)
    return gaussian_filter1d(steps * motion.fps, 2)


def to_nearest(instants: np.ndarray, beats: np.ndarray) -> np.ndarray:
    return np.abs(instants[:, None] - beats).min(axis=0)


def test_songs_are_split_by_song_and_each_split_has_every_style() -> None:
    counts = {split: sum(song.split == split for song in SONGS) for split in ("train", "val", "test")}
    assert counts == {"train": 28, "val": 6, "test": 6}
    assert all({song.style for song in SONGS if song.split == split} == set(STYLES) for split in counts)
    assert len({song.seed for song in SONGS}) == len(SONGS)


def test_one_test_tempo_lies_between_training_tempi() -> None:
    heard = {song.bpm for song in SONGS if song.split == "train"}
    unheard = {song.bpm for song in SONGS if song.split == "test"} - heard
    assert len(unheard) == 1
    assert min(heard) < unheard.pop() < max(heard)


def test_loud_sections_begin_on_accented_bars_after_a_quiet_one() -> None:
    assert all(song.drops for song in SONGS)
    assert all(bar % 2 == 0 and not song.loud[bar - 1] for song in SONGS for bar in song.drops)


def test_a_song_is_read_back_from_its_plain_form() -> None:
    assert Song.from_dict(SONGS[3].to_dict()) == SONGS[3]


def test_the_same_song_sounds_and_is_danced_the_same() -> None:
    song = SONGS[0]
    np.testing.assert_array_equal(demo_music.synthesise(song), demo_music.synthesise(song))
    np.testing.assert_array_equal(dance(song, 0).rotations, dance(song, 0).rotations)
    assert not np.allclose(dance(song, 0).rotations, dance(song, 1).rotations)


def test_other_corpora_have_other_songs() -> None:
    assert {song.seed for song in demo_songs.compose(1)}.isdisjoint(song.seed for song in SONGS)


@pytest.mark.parametrize("fps", [60, 24, 20])
def test_bars_of_held_out_dances_are_recognised(fps: int) -> None:
    right = [hit for song in HELD_OUT for hit in correct(song, resample(dance(song, 0), fps))]
    assert np.mean(right) >= 0.99


def test_bars_of_another_valid_dance_are_recognised() -> None:
    assert np.mean([hit for song in HELD_OUT for hit in correct(song, dance(song, 5), seed=5)]) >= 0.99


def test_recognition_ignores_place_heading_and_unit() -> None:
    song, motion = HELD_OUT[0], dance(HELD_OUT[0], 0)
    yaw = rotation.yaw(2.0)
    rotations = motion.rotations.copy()
    rotations[:, 0] = rotation.mul(yaw, rotations[:, 0])
    in_inches = replace(motion.skeleton, offsets=motion.skeleton.offsets / 2.54, end_sites=())
    moved = rotation.mul_vec(yaw, motion.positions) + np.array([300.0, 20.0, -50.0])
    assert all(correct(song, Motion(in_inches, motion.fps, rotations, moved / 2.54)))


def test_the_mean_of_two_dances_is_no_move_where_they_differ() -> None:
    named = []
    for song in HELD_OUT:
        one, other = dance(song, 0), dance(song, 1)
        sign = np.sign(np.sum(one.rotations * other.rotations, axis=-1, keepdims=True))
        rotations = rotation.normalise(one.rotations + sign * other.rotations)
        mean = Motion(one.skeleton, one.fps, rotations, (one.positions + other.positions) / 2)
        differ = [a != b for a, b in zip(danced_moves(song, 0), danced_moves(song, 1), strict=True)]
        named += [name for name, differs in zip(recognise(mean, song.bars), differ, strict=True) if differs]
    assert len(named) > 50
    assert np.mean([name == NONE for name in named]) >= 0.99


def test_a_static_pose_is_no_move() -> None:
    song, motion = HELD_OUT[0], dance(HELD_OUT[0], 0)
    for frame in range(0, motion.frames, 90):
        held = np.full(motion.frames, frame)
        still = Motion(motion.skeleton, motion.fps, motion.rotations[held], motion.positions[held])
        assert set(recognise(still, song.bars)) == {NONE}


def test_a_shift_by_half_a_bar_is_no_move() -> None:
    shifted = [name for song in HELD_OUT for name in recognise(dance(song, 0), (song.bars[1:] + song.bars[:-1]) / 2)]
    assert np.mean([name == NONE for name in shifted]) >= 0.99


def test_a_bar_after_the_end_is_no_move() -> None:
    song, motion = HELD_OUT[0], dance(HELD_OUT[0], 0)
    names = recognise(motion.cut(0, round(song.bars[4] * FPS)), song.bars)
    assert NONE not in names[:4]
    assert set(names[4:]) == {NONE}


def test_hips_are_lowest_and_joints_slowest_on_the_beats() -> None:
    low, slow = [], []
    for song in HELD_OUT:
        motion = dance(song, 0)
        beats = song.beats[1:-1]
        heights = gaussian_filter1d(motion.positions[:, 0, 1], 2)
        low.append(to_nearest(argrelmin(heights)[0] / FPS, beats))
        slow.append(to_nearest((argrelmin(mean_speed(motion))[0] + 0.5) / FPS, beats))
    for offsets in (np.concatenate(low), np.concatenate(slow)):
        assert offsets.mean() < 0.02  # the timing noise alone has a mean of 12 ms
        assert np.mean(offsets < 2 / FPS) > 0.9


def test_movement_is_larger_when_loud() -> None:
    speeds: dict[bool, list[float]] = {False: [], True: []}
    for song in SONGS[:12]:
        speed = mean_speed(demo_dance.perform(song, ["wave"] * len(song.loud), np.random.default_rng(0)))
        for loud, start, stop in zip(song.loud, song.bars[:-1], song.bars[1:], strict=True):
            speeds[loud].append(speed[round(start * FPS) : round(stop * FPS)].mean())
    assert np.mean(speeds[True]) > 1.2 * np.mean(speeds[False])


def test_the_dancer_jumps_on_every_drop_and_on_no_other_bar() -> None:
    for song in HELD_OUT:
        motion = resample(dance(song, 0), 20)
        jumped = recognise_jumps(motion, song.bars[:-1])
        assert [bar for bar, jump in enumerate(jumped) if jump] == song.drops


@pytest.mark.parametrize("style", STYLES)
def test_moves_have_their_probabilities_and_return_after_two_bars(style: str) -> None:
    drawn = np.array(demo_songs.draw_moves(style, 60_000, np.random.default_rng(0)))
    for name, probability in STYLES[style].items():
        assert np.mean(drawn == name) == pytest.approx(probability, abs=0.02)
    assert np.mean(drawn[2:] == drawn[:-2]) == pytest.approx(0.7, abs=0.01)
    assert set(drawn) == set(STYLES[style])


def test_each_style_has_four_of_eight_moves_with_unequal_probabilities() -> None:
    assert all(len(set(style.values())) == 4 and sum(style.values()) == pytest.approx(1) for style in STYLES.values())
    assert {name for style in STYLES.values() for name in style} == set(moves())
    assert len(moves()) == 8


def test_each_move_begins_and_ends_in_the_stance_but_for_place_and_heading() -> None:
    placed = [
        COLUMNS[name]
        for name in ("hips", "turn", *(f"{side}_{part}" for side in SIDES for part in ("foot", "foot_yaw")))
    ]
    for move in moves().values():
        assert not move.keys[0].any()
        ended = move.keys[-1].copy()
        for columns in placed:
            ended[columns] = 0
        assert not ended.any()


def test_all_joints_rest_at_each_bar_line() -> None:
    keys, passes = choreography(list(moves()), [1.2] * len(moves()))
    lines = np.arange(1, len(moves())) * float(BEATS_PER_BAR)
    around = track(keys, passes, np.sort(np.concatenate([lines - 1e-4, lines + 1e-4])))
    positions = joint_positions(solve(around, FPS))
    assert np.abs(positions[1::2] - positions[::2]).max() < 1e-4


def test_one_move_travels_and_one_turns_through_360_degrees() -> None:
    ends = {name: move.keys[-1] for name, move in moves().items()}
    travelled = {name: np.linalg.norm(end[COLUMNS["hips"]]) for name, end in ends.items()}
    turned = {name: np.degrees(end[COLUMNS["turn"]][0]) for name, end in ends.items()}
    assert [name for name, distance in travelled.items() if distance > 1e-9] == ["walk"]
    assert travelled["walk"] == pytest.approx(90)
    assert {name: angle for name, angle in turned.items() if angle} == {"turn": pytest.approx(360)}


@pytest.mark.parametrize("name", list(moves()))
def test_feet_are_where_the_move_wants_them_at_every_size(name: str) -> None:
    for size in (0.75, 1.27):
        keys, passes = choreography([name], [size])
        controls = track(keys, passes, np.linspace(0, BEATS_PER_BAR, 200))
        positions = joint_positions(solve(controls, FPS))
        for side in SIDES:
            ball = positions[:, skeleton().index(f"{side.title()}ToeBase")]
            wanted = STANCE_BALL[side] + controls[:, COLUMNS[f"{side}_foot"]]
            assert np.abs(ball - wanted).max() < 0.1
            assert ball[:, 1].min() > 1.9


def test_every_joint_has_noise_that_its_past_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    song, names = SONGS[0], danced_moves(SONGS[0], 0)
    noisy = resample(demo_dance.perform(song, names, np.random.default_rng(0)), 20)
    monkeypatch.setattr(demo_dance, "with_noise", lambda motion, rng: motion)
    clean = resample(demo_dance.perform(song, names, np.random.default_rng(0)), 20)
    off = rotation.log(rotation.mul(rotation.inv(clean.rotations), noisy.rotations))
    assert np.degrees(np.sqrt(np.mean(np.sum(off**2, axis=-1), axis=0))) == pytest.approx(1.5, rel=0.25)
    drift = noisy.positions - clean.positions
    for values in (*np.moveaxis(off.reshape(len(off), -1), 1, 0), *np.moveaxis(drift[:, 0], 1, 0)):
        past = np.stack([values[5 - lag : len(values) - lag] for lag in range(1, 6)], axis=1)
        residual = values[5:] - past @ np.linalg.lstsq(past, values[5:], rcond=None)[0]
        assert residual.std() > 0.05 * values.std()


def test_every_second_downbeat_and_no_other_beat_has_the_accent() -> None:
    song = replace(SONGS[0], style="organ", loud=(False,) * len(SONGS[0].loud))
    sound = demo_music.synthesise(song)
    # the cymbal is the only thing heard above 4 kHz a tenth of a second after a beat
    hiss = []
    for beat in song.beats:
        start = round((beat + 0.1) * demo_music.SAMPLE_RATE)
        spectrum = np.abs(np.fft.rfft(np.hanning(2048) * sound[start : start + 2048]))
        hiss.append(spectrum[len(spectrum) * 4000 * 2 // demo_music.SAMPLE_RATE :].sum())
    accented = np.array(hiss) > 3 * np.median(hiss)
    assert np.flatnonzero(accented).tolist() == list(range(0, len(hiss), 2 * BEATS_PER_BAR))


def test_the_sound_stays_within_one_and_is_louder_in_loud_sections() -> None:
    song = SONGS[1]
    sound = demo_music.synthesise(song)
    assert np.abs(sound).max() < 1
    levels: dict[bool, list[float]] = {False: [], True: []}
    for loud, start, stop in zip(song.loud, song.bars[:-1], song.bars[1:], strict=True):
        levels[loud].append(sound[round(start * demo_music.SAMPLE_RATE) : round(stop * demo_music.SAMPLE_RATE)].std())
    assert np.median(levels[True]) > 1.8 * np.median(levels[False])


@pytest.mark.slow
def test_a_beat_tracker_finds_the_beats() -> None:
    import librosa

    for song in HELD_OUT:
        sound = demo_music.synthesise(song).astype(np.float32)
        _, found = librosa.beat.beat_track(y=sound, sr=demo_music.SAMPLE_RATE, units="time")
        assert np.mean(to_nearest(found, song.beats) < 0.07) > 0.95
