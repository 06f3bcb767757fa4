"""The doctor finds each of a corpus's illnesses, and none in a healthy one."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from feature_extraction.check import Checkup, check, main, table
from feature_extraction.examine import speed_spikes
from feature_extraction.extract import extract
from feature_extraction.mirroring import mirrored_id
from feature_extraction.motion import rotation
from feature_extraction.motion.bvh import read_bvh, write_bvh
from feature_extraction.motion.resample import resample
from feature_extraction.motion.skeleton import Motion
from feature_extraction.recipe import parse_recipe
from feature_extraction.store import feature_path, find_raw, load_array, read_split, save_array, split_path
from tests.feature_extraction.motion.synthetic import below
from tests.feature_extraction.small_corpus import NAMES, SAMPLE_RATE, add_pair, clicking, make_corpus, swaying


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An extracted corpus; tests copy it before they make it ill."""
    folder = make_corpus(tmp_path_factory.mktemp("healthy"))
    extract(folder, folder / "small.yaml", jobs=1, progress=False)
    return folder


@pytest.fixture
def corpus(healthy: Path, tmp_path: Path) -> Path:
    """A corpus to make ill."""
    return shutil.copytree(healthy, tmp_path / "corpus")


def examined(folder: Path) -> Checkup:
    return check(folder, shortest_s=1.5, jobs=1, progress=False)


def found(folder: Path) -> list[str]:
    """The findings as told, notes left out."""
    return [f"{each.level}: {each.text}" for each in examined(folder).all_findings if each.level != "note"]


def only(findings: list[str], *words: str) -> bool:
    """Whether there is one finding, with all of these words."""
    return len(findings) == 1 and all(word in findings[0] for word in words)


def test_a_healthy_corpus_has_no_findings_but_notes(healthy: Path) -> None:
    assert found(healthy) == []
    assert main([str(healthy), "--shortest", "1.5", "--jobs", "1"]) == 0
    assert main(["--data_dir", str(healthy), "--jobs", "1"]) == 0


def test_the_table_has_a_row_for_each_sequence_and_a_summary(healthy: Path) -> None:
    lines = table(examined(healthy))
    assert lines[0].split("  ")[0] == "sequence"
    assert [line.split()[:5] for line in lines[1:3]] == [
        ["s0", "train", "2.00", "60", "2.00"],
        ["s1", "train", "2.00", "60", "2.00"],
    ]
    assert "note: constant channels: joints that never turn: Spine" in lines
    assert lines[-1] == "5 sequences, 0.2 min of motion, 0.2 min of sound: 0 errors, 0 warnings"
    assert len({line.index("  60  ") for line in lines[1:6]}) == 1


def test_a_root_that_never_moves_above_one_that_does_is_told(corpus: Path) -> None:
    for path in corpus.glob("*.bvh"):
        write_bvh(path, below(read_bvh(path)))
    told = "the root world never moves; features take a joint below it for the root: Hips"
    assert ("note", told) in [(each.level, each.text) for each in examined(corpus).all_findings]
    motion = read_bvh(corpus / "s1.bvh")
    write_bvh(corpus / "s1.bvh", replace(motion, positions=motion.positions * [[[1], [0]]]))
    assert "error: Hips is the first joint to move, but not in s1; leave these out" in found(corpus)
    for path in corpus.glob("*.bvh"):
        write_bvh(path, below(swaying(0), others=1))
    assert any("the root world never moves, but Hips below it does: features have" in text for text in found(corpus))


def test_unreadable_files_are_errors(corpus: Path) -> None:
    (corpus / "s0.bvh").write_text("HIERARCHY\nnothing")
    (corpus / "s1.wav").write_bytes(b"rubbish")
    findings = found(corpus)
    assert len(findings) == 2
    assert "s0.bvh" in findings[0]
    assert "s1.wav" in findings[1]
    assert examined(corpus).exit_code == 1


def test_nan_and_broken_arrays_are_errors(corpus: Path) -> None:
    path = feature_path(corpus, "s2", "sound_scaled_20")
    values = np.array(load_array(path))
    values[3:5, 0] = np.nan
    save_array(path, values)
    assert only(found(corpus), "error", "sound_scaled_20 has NaN or infinity in 2 of 40 frames")
    path.write_bytes(b"\x93NUMPY")
    assert only(found(corpus), "error", "s2.sound_scaled_20.npy")


def test_arrays_of_different_lengths_and_dims_are_errors(corpus: Path) -> None:
    path = feature_path(corpus, "s2", "sound_scaled_20")
    values = np.array(load_array(path))
    save_array(path, values[:-1])
    assert only(found(corpus), "error", "differ in frames", "sound_scaled_20 39")
    save_array(path, values[:, 1:])
    assert only(found(corpus), "error", "sound_scaled_20 has 8 columns, but not in s2 (7)")


def test_a_missing_array_is_a_warning(corpus: Path) -> None:
    feature_path(corpus, "s2", "sound_scaled_20").unlink()
    assert only(found(corpus), "warning", "sound_scaled_20 is missing for s2")


def test_silence_is_found(corpus: Path) -> None:
    soundfile.write(corpus / "s3.wav", np.zeros(2 * SAMPLE_RATE), SAMPLE_RATE)
    assert only(found(corpus), "error", "the sound is silent")
    soundfile.write(corpus / "s3.wav", clicking(3) * (np.arange(2 * SAMPLE_RATE) < 0.7 * SAMPLE_RATE), SAMPLE_RATE)
    assert only(found(corpus), "warning", "silent for 1.3 of 2.0 s")


def jump(motion: Motion, frame: int, by: float) -> Motion:
    """The motion with its root displaced in one frame, by skeleton heights."""
    positions = motion.positions.copy()
    positions[frame, 0, 0] += by * motion.skeleton.height
    return replace(motion, positions=positions)


def test_a_jump_in_one_frame_is_a_speed_spike(corpus: Path) -> None:
    write_bvh(corpus / "s4.bvh", jump(swaying(4), 90, 0.3))
    assert only(found(corpus), "warning", "speed spike", "at 1.48 s")


@pytest.mark.parametrize("fps", [24.0, 60.0, 120.0])
def test_spikes_are_told_once_and_smooth_motion_has_none(fps: float) -> None:
    motion = swaying(1, 4.0, fps)
    assert speed_spikes(motion) == []
    twice = jump(jump(motion, int(fps), 0.5), int(3 * fps), 0.5)
    assert [round(time_s) for time_s, _, _ in speed_spikes(twice)] == [1, 3]
    assert speed_spikes(motion.cut(0, 1)) == []


def test_recordings_that_stand_still_are_found(corpus: Path) -> None:
    motion = swaying(2)
    still = replace(motion, rotations=motion.rotations.copy())
    still.rotations[:, 2] = still.rotations[0, 2]
    write_bvh(corpus / "s2.bvh", still)
    assert only(found(corpus), "warning", "constant channels", "s2 (LeftArm)")
    frozen = replace(
        still, rotations=motion.rotations[:1].repeat(120, 0), positions=motion.positions[:1].repeat(120, 0)
    )
    write_bvh(corpus / "s2.bvh", frozen)
    assert any("nothing moves" in finding for finding in found(corpus))


def test_missing_pairs_are_errors_where_they_are_to_be_trained_on(corpus: Path) -> None:
    add_pair(corpus, "song", 9)
    (corpus / "song.bvh").unlink()
    assert "warning: pairs missing: sound and no motion in song" in found(corpus)
    with (corpus / "base_filenames_test.txt").open("a") as file:
        file.write("\nsong\n")
    assert "warning: pairs missing: sound and no motion in song" in found(corpus)  # it is there to generate for
    with (corpus / "base_filenames_train.txt").open("a") as file:
        file.write("\nsong\n")
    assert "error: pairs missing: sound and no motion in song" in found(corpus)
    (corpus / "s1.wav").unlink()
    assert "error: pairs missing: motion and no sound in s1" in found(corpus)


def test_a_folder_of_songs_alone_misses_nothing(tmp_path: Path) -> None:
    for seed in (0, 1):
        soundfile.write(tmp_path / f"song {seed}.wav", clicking(seed), SAMPLE_RATE)
    assert found(tmp_path) == []


def test_lists_that_overlap_or_name_strangers_are_errors(corpus: Path) -> None:
    with split_path(corpus, "test").open("a") as file:
        file.write("s0\nghost")
    findings = found(corpus)
    assert "error: split leak: in train and test: s0" in findings
    assert "error: test lists sequences that are not there: ghost" in findings


def test_the_same_motion_under_two_names_is_an_error_across_splits(corpus: Path) -> None:
    (one, other, *_), (held_out,) = read_split(corpus, "train"), read_split(corpus, "val")
    write_bvh(corpus / f"{other}.bvh", read_bvh(corpus / f"{one}.bvh"))
    pair = " = ".join(f"{name} (train)" for name in sorted((one, other)))
    assert found(corpus) == [f"warning: the same motion: {pair}"]
    write_bvh(corpus / f"{other}.bvh", swaying(9))
    write_bvh(corpus / f"{held_out}.bvh", read_bvh(corpus / f"{one}.bvh"))
    assert only(found(corpus), "error: split leak: the same motion", f"{one} (train)", f"{held_out} (val)")


def test_the_same_sound_across_splits_is_an_error_unless_it_is_a_song_with_several_dances(corpus: Path) -> None:
    (one, *_), (held_out,) = read_split(corpus, "train"), read_split(corpus, "val")
    (corpus / f"{held_out}.wav").unlink()
    soundfile.write(corpus / f"{held_out}.flac", soundfile.read(corpus / f"{one}.wav")[0], SAMPLE_RATE)
    assert only(found(corpus), "warning: split leak: the same audio", f"{one} (train)", f"{held_out} (val)")
    for path in (*corpus.glob("*.bvh"), *corpus.glob("*.npy")):
        path.unlink()
    assert only(found(corpus), "error: split leak: the same audio")


def wandering(seed: int, count: int) -> np.ndarray:
    """A curve of `count` points between 0 and 1 that goes a way of its own."""
    knots = np.random.default_rng(seed).uniform(size=40)
    return np.interp(np.linspace(0, 39, count), np.arange(40), knots)


def test_a_recording_converted_and_compressed_is_still_the_same(tmp_path: Path) -> None:
    one, other = (wandering(seed, 10 * SAMPLE_RATE) * clicking(seed, 10.0) for seed in (0, 1))
    soundfile.write(tmp_path / "one.wav", one, SAMPLE_RATE)
    soundfile.write(tmp_path / "two.ogg", 0.5 * soxr.resample(one, SAMPLE_RATE, 32000), 32000)
    soundfile.write(tmp_path / "other.wav", other, SAMPLE_RATE)
    assert found(tmp_path) == ["warning: as it seems the same audio: one (-) = two (-)"]


def test_a_motion_at_another_rate_is_still_the_same(tmp_path: Path) -> None:
    for name, seed, fps in (("one", 0, 60), ("two", 0, 24), ("other", 1, 60)):
        motion = swaying(0, 10.0)
        motion.rotations[:, 2] = rotation.exp(wandering(seed, motion.frames)[:, None] * [0.0, 0.0, 2.0])
        write_bvh(tmp_path / f"{name}.bvh", resample(motion, fps))
    assert found(tmp_path) == ["warning: as it seems the same motion: one (-) = two (-)"]


def test_skeletons_that_differ_are_errors_and_bones_warnings(corpus: Path) -> None:
    write_bvh(corpus / "s1.bvh", swaying(1, names=("Root", *NAMES[1:])))
    assert only(found(corpus), "error", "2 different skeletons", "s1")
    motion = swaying(1)
    offsets = motion.skeleton.offsets.copy()
    offsets[3] *= 1.5
    write_bvh(corpus / "s1.bvh", replace(motion, skeleton=replace(motion.skeleton, offsets=offsets)))
    assert only(found(corpus), "warning", "bone lengths differ", "RightArm")


def test_short_and_uneven_recordings_are_warnings(corpus: Path) -> None:
    write_bvh(corpus / "s1.bvh", swaying(1, 0.9))
    findings = found(corpus)
    assert "warning: shorter than 1.5 s: s1" in findings
    assert "warning: motion and sound differ by more than 1 s in s1" in findings


def test_of_many_sequences_only_those_with_findings_are_listed(tmp_path: Path) -> None:
    for number in range(70):
        soundfile.write(tmp_path / f"{number}.wav", clicking(number, 0.3, 4000), 4000)
    soundfile.write(tmp_path / "quiet.wav", np.zeros(1200), 4000)
    lines = table(check(tmp_path, shortest_s=0.1, jobs=1, progress=False))
    assert [line.split()[0] for line in lines] == ["sequence", "quiet", "...", "71"]


def test_an_empty_or_absent_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nothing to check"):
        check(tmp_path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        check(tmp_path / "nowhere")


def transcribe(folder: Path, *starts_s: float) -> None:
    """Give every sequence a transcript with a word at each of these times."""
    for sequence_id in find_raw(folder):
        lines = [f"{start_s}\t{start_s + 0.2}\tword\n" for start_s in starts_s]
        (folder / f"{sequence_id}.tsv").write_text("".join(lines))


def test_mirror_images_labels_and_tokens_are_no_illness(corpus: Path) -> None:
    transcribe(corpus, 0.5)
    features = {
        "pose": {"source": "motion", "extractors": [{"name": "expmap", "joints": "all"}], "mirror": True},
        "words": {"source": "text", "extractors": [{"name": "word_tokens"}]},
        "style": {"source": "label", "extractors": [{"name": "label", "pattern": "s"}]},
    }
    extract(corpus, parse_recipe("more", {"fps": 20, "features": features}), jobs=1)
    assert found(corpus) == []
    image = mirrored_id(read_split(corpus, "train")[0])
    (row,) = [line for line in table(examined(corpus)) if line.startswith(image)]
    assert row.split()[1] == "train"
    feature_path(corpus, image, "pose_20").unlink()
    assert not any(image in finding for finding in found(corpus))
    feature_path(corpus, read_split(corpus, "train")[0], "pose_20").unlink()
    assert only(found(corpus), "pose_20 is missing")


def test_transcripts_are_examined(corpus: Path) -> None:
    transcribe(corpus, 0.5, 2.5)
    assert found(corpus) == ["warning: 1 of 2 words are said after the end of the recording"] * 5
    transcribe(corpus)
    assert found(corpus) == ["warning: the transcript has no words"] * 5
    transcribe(corpus, 0.5)
    (corpus / "s0.tsv").write_text("1\tbefore\tword\n")
    (corpus / "s1.tsv").unlink()
    first, second = found(corpus)
    assert only([first], "warning", "sound and no transcript in s1")
    assert only([second], "error", "s0.tsv", "line 1")
