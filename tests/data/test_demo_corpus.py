"""The demo corpus as files: what is written is what was composed, whoever writes it."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from data import demo_corpus, demo_songs, demo_speech
from data.demo_corpus import VECTORS_FILE, DemoCorpus
from data.demo_dance import danced_moves
from data.demo_large_corpus import DemoLargeCorpus
from data.demo_recognise import recognise
from data.demo_truth import Truth
from feature_extraction.motion.bvh import read_bvh
from feature_extraction.motion.skeleton import Motion, joint_positions
from feature_extraction.store import find_raw, read_split

Written = dict[str, bytes]


def small(make: Callable[..., list], count: int = 2) -> Callable[..., list]:
    """The first train and the last test sequences only."""
    return lambda seed, *more: [*make(seed, *more)[: count - 1], make(seed, *more)[-1]]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of two songs and two recordings."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo_songs, "compose", small(demo_songs.compose))
        patch.setattr(demo_speech, "write_speeches", small(demo_speech.write_speeches))
        return DemoCorpus().make(tmp_path_factory.mktemp("demo"), jobs=1, progress=False)


def bytes_of(folder: Path) -> Written:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def assert_same_motion(a: Motion, b: Motion) -> None:
    assert np.abs(joint_positions(a, end_sites=True) - joint_positions(b, end_sites=True)).max() < 1e-3


def test_parts_are_folders_of_pairs_with_split_lists(corpus: Path) -> None:
    for part, names, recorded in (
        ("dance", ["song_00", "song_39"], {"motion", "audio"}),
        ("gesture", ["talk_00", "talk_23"], {"motion", "audio", "text"}),
    ):
        raw = find_raw(corpus / part)
        assert {name: set(sources) for name, sources in raw.items()} == dict.fromkeys(names, recorded)
        assert [read_split(corpus / part, split) for split in ("train", "val", "test")] == [names[:1], [], names[1:]]


def test_sounds_are_mono_flac_of_16_bits_and_the_motions_as_long(corpus: Path) -> None:
    for part, fps, duration_s in (("dance", 60, 30), ("gesture", 30, 60)):
        for sources in find_raw(corpus / part).values():
            sound = soundfile.info(sources["audio"])
            assert (sound.format, sound.subtype, sound.channels, sound.samplerate) == ("FLAC", "PCM_16", 1, 22050)
            motion = read_bvh(sources["motion"])
            assert (motion.fps, motion.duration_s, sound.duration) == (fps, duration_s, duration_s)


def test_the_skeleton_has_mixamo_names_and_human_size(corpus: Path) -> None:
    motion = read_bvh(corpus / "dance" / "song_00.bvh")
    limbs = {
        f"{side}{part}"
        for side in ("Left", "Right")
        for part in ("Shoulder", "Arm", "ForeArm", "Hand", "UpLeg", "Leg", "Foot", "ToeBase")
    }
    assert set(motion.skeleton.names) == {"Hips", "Spine", "Spine1", "Neck", "Head"} | limbs
    standing = joint_positions(motion, end_sites=True)[0, :, 1]
    assert 160 < np.ptp(standing) < 180


def test_the_truth_gives_back_the_written_performances_and_others(corpus: Path) -> None:
    truth = Truth.load(corpus)
    written = read_bvh(corpus / "dance" / "song_39.bvh")
    assert_same_motion(truth.dance("song_39", 0), written)
    assert_same_motion(truth.dance(truth.facts["songs"][1], 0), written)
    assert truth.moves("song_39") == truth.facts["songs"][1]["moves"]
    assert recognise(written, truth.facts["songs"][1]["bars"]) == truth.moves("song_39")
    assert truth.moves("song_39", 1) != truth.moves("song_39")
    assert_same_motion(truth.gesticulate("talk_23", 0), read_bvh(corpus / "gesture" / "talk_23.bvh"))
    written_gestures = truth.facts["recordings"][1]["gestures"]
    assert truth.gestures("talk_23") == [(name, apex) for name, _, apex in written_gestures]
    with pytest.raises(LookupError, match="no song 'song_99'"):
        truth.dance("song_99", 0)


def test_the_truth_says_how_the_corpus_was_drawn(corpus: Path) -> None:
    facts = json.loads((corpus / "truth.json").read_text())
    song = demo_songs.compose(0)[0]
    assert facts["songs"][0]["beats"] == pytest.approx(song.beats, abs=1e-4)
    assert facts["songs"][0]["moves"] == danced_moves(song, 0)
    assert facts["styles"] == demo_songs.STYLES
    assert facts["return_probability"] == 0.7
    assert facts["noise"]["timing_sd_s"] == 0.015
    assert len(facts["vocabulary"]) == 200


def test_truth_of_an_unfinished_corpus_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"data\.make demo"):
        Truth.load(tmp_path)


def test_word_vectors_are_written_as_glove_has_them(corpus: Path) -> None:
    lines = (corpus / "gesture" / VECTORS_FILE).read_text().splitlines()
    words = [line.split(" ") for line in lines]
    assert len(words) == 200
    assert {len(fields) for fields in words} == {1 + demo_speech.WORD_DIMENSIONS}
    assert np.isfinite([float(value) for fields in words for value in fields[1:]]).all()


def test_an_interrupted_make_goes_on_to_the_same_bytes(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_songs, "compose", small(demo_songs.compose))
    monkeypatch.setattr(demo_speech, "write_speeches", small(demo_speech.write_speeches))
    before = bytes_of(corpus)
    for name in ("truth.json", "dance/song_39.bvh", "gesture/talk_00.flac"):
        (corpus / name).unlink()
    kept = (corpus / "dance" / "song_00.bvh").stat().st_mtime_ns
    DemoCorpus().make(corpus, jobs=1, progress=False)
    assert bytes_of(corpus) == before
    assert (corpus / "dance" / "song_00.bvh").stat().st_mtime_ns == kept


@pytest.mark.slow
def test_the_whole_corpus_is_small_and_does_not_depend_on_the_number_of_processes(tmp_path: Path) -> None:
    for jobs in (1, 2):
        DemoCorpus().make(tmp_path / str(jobs), jobs=jobs, progress=False)
    written = bytes_of(tmp_path / "1")
    assert written == bytes_of(tmp_path / "2")
    assert sum(map(len, written.values())) < 150e6
    assert [len(find_raw(tmp_path / "1" / part)) for part in DemoCorpus.parts] == [40, 24]
    assert demo_corpus.dance_facts(demo_songs.compose(0))["moves"] == Truth.load(tmp_path / "1").facts["moves"]


def test_the_large_corpus_has_more_songs_to_train_on_and_the_same_ones_held_out() -> None:
    few, many = demo_songs.compose(5), demo_songs.compose(5, DemoLargeCorpus.more_songs)
    assert many[: len(few)] == few
    assert {song.split for song in many[len(few) :]} == {"train"}
    assert len({song.id for song in many}) == len({song.seed for song in many}) == len(many) == 124


def test_the_large_corpus_is_dances_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    every = demo_songs.compose
    monkeypatch.setattr(demo_songs, "compose", lambda seed, more: every(seed, more)[-1:])
    made = DemoLargeCorpus().make(tmp_path / "large", jobs=1, progress=False)
    assert sorted(path.name for path in made.iterdir() if path.is_dir()) == ["dance"]
    assert read_split(made / "dance", "train") == ["song_123"]
    truth = Truth.load(made)
    assert list(truth.songs) == ["song_123"]
    assert truth.recordings == {}
