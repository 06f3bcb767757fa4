"""Extraction computes what is missing, fits on the train split alone, and survives bad files and kills."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import registry
from feature_extraction import arrays
from feature_extraction.extract import extract, main
from feature_extraction.feature import Feature
from feature_extraction.motion.bvh import read_bvh, write_bvh
from feature_extraction.motion.resample import resample
from feature_extraction.motion.skeleton import Motion, joint_positions
from feature_extraction.store import (
    feature_path,
    find_raw,
    load_array,
    read_split,
    sequences_with,
    split_path,
)
from tests.feature_extraction.small_corpus import (
    MOTION,
    NAMES,
    SOUND,
    add_pair,
    clicking,
    contents,
    make_corpus,
    run,
    swaying,
    values,
)


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus, extracted; tests copy it before they change anything."""
    folder = make_corpus(tmp_path_factory.mktemp("extracted") / "corpus")
    run(folder)
    return folder


@pytest.fixture
def corpus(extracted: Path, tmp_path: Path) -> Path:
    """An extracted corpus to play with."""
    return shutil.copytree(extracted, tmp_path / "corpus")


def made(folder: Path) -> dict[str, bytes]:
    """Everything in the folder but what was given."""
    given = (".bvh", ".wav", ".yaml")
    return {name: data for name, data in contents(folder).items() if not name.endswith(given)}


def test_every_sequence_gets_aligned_finite_arrays(extracted: Path) -> None:
    for sequence_id in find_raw(extracted):
        motion, sound = values(extracted, sequence_id, MOTION), values(extracted, sequence_id, SOUND)
        assert motion.dtype == sound.dtype == np.float32
        assert len(motion) == len(sound) == 40
        assert np.isfinite(motion).all()
        assert np.isfinite(sound).all()


def test_scalers_are_fitted_on_the_train_split_alone(extracted: Path) -> None:
    for name in (MOTION, SOUND):
        feature = Feature.load(extracted, name)
        train = np.concatenate([values(extracted, each, feature.base) for each in read_split(extracted, "train")])
        chosen = feature.select(train).astype(np.float64)
        assert feature.scaler is not None
        np.testing.assert_allclose(feature.scaler.mean, chosen.mean(axis=0), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(feature.scaler.scale, chosen.std(axis=0), rtol=1e-6)


def test_constants_are_those_of_the_whole_train_split(corpus: Path) -> None:
    assert [name for name in Feature.load(corpus, MOTION).constants if name.startswith("Spine")] == [
        "Spine_alpha",
        "Spine_beta",
        "Spine_gamma",
    ]
    bent = swaying(0)
    bent.rotations[60, 1] = bent.rotations[60, 2]
    write_bvh(corpus / f"{read_split(corpus, 'train')[-1]}.bvh", bent)
    run(corpus)
    assert not any(name.startswith("Spine") for name in Feature.load(corpus, MOTION).constants)


def test_decoding_gives_each_sequence_its_own_motion_back(extracted: Path) -> None:
    feature = Feature.load(extracted, MOTION)
    for sequence_id in find_raw(extracted):
        original = resample(read_bvh(extracted / f"{sequence_id}.bvh"), 20)
        decoding = feature.sequence_decoding(extracted, sequence_id)
        decoded = feature.decode(values(extracted, sequence_id, MOTION), decoding)
        error = np.abs(joint_positions(decoded) - joint_positions(original)).max()
        assert error < 1e-4 * original.skeleton.height


def test_an_unchanged_folder_is_left_alone(corpus: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in corpus.iterdir()}
    report = run(corpus)
    assert report.computed == 0
    assert before == {path.name: path.stat().st_mtime_ns for path in corpus.iterdir()}


def test_replacing_everything_gives_the_same_bytes(corpus: Path) -> None:
    before = contents(corpus)
    assert run(corpus, replace_existing=True).computed == 20
    assert contents(corpus) == before


def test_processes_give_the_same_bytes_as_one(corpus: Path, tmp_path: Path) -> None:
    fresh = make_corpus(tmp_path / "fresh")
    run(fresh, jobs=2)
    assert made(fresh) == made(corpus)


@pytest.mark.parametrize("order", [("motion", "audio"), ("audio", "motion")])
def test_the_order_of_the_sources_does_not_matter(tmp_path: Path, order: tuple[str, str]) -> None:
    folder, whole = make_corpus(tmp_path / "a", 2), make_corpus(tmp_path / "b", 2)
    for each in (folder, whole):
        add_pair(each, "longer sound", 7, 2.0, sound_s=3.0)
        add_pair(each, "longer.motion", 8, 3.0, sound_s=2.0)
    for source in order:
        run(folder, sources=(source,))
    run(whole)
    assert made(folder) == made(whole)
    assert {len(values(folder, each, SOUND)) for each in find_raw(folder)} == {40}


def test_inputs_are_never_modified(corpus: Path) -> None:
    raw = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in corpus.glob("*.[bw]*")}
    run(corpus, replace_existing=True)
    assert raw == {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in corpus.glob("*.[bw]*")}


def test_a_changed_validation_file_is_redone_alone(corpus: Path) -> None:
    (held_out,) = read_split(corpus, "val")
    before = contents(corpus)
    write_bvh(corpus / f"{held_out}.bvh", swaying(99))
    assert run(corpus).computed == 2
    changed = {name for name, data in contents(corpus).items() if data != before.get(name)}
    assert changed == {f"{held_out}.{end}" for end in ("bvh", "expmap_20.npy", "expmap_20.json", f"{MOTION}.npy")}


def test_a_changed_training_file_refits_its_feature_alone(corpus: Path) -> None:
    before = contents(corpus)
    write_bvh(corpus / f"{read_split(corpus, 'train')[0]}.bvh", swaying(99))
    assert run(corpus).computed == 6
    changed = {name for name, data in contents(corpus).items() if data != before.get(name)}
    assert f"{MOTION}.json" in changed
    assert not any("sound" in name for name in changed)


def test_a_changed_split_refits(corpus: Path) -> None:
    train = read_split(corpus, "train")
    split_path(corpus, "train").write_text("\n".join(train[1:]))
    before = Feature.load(corpus, SOUND).provenance
    run(corpus)
    after = Feature.load(corpus, SOUND).provenance
    assert (before["train_sequences"], after["train_sequences"]) == (3, 2)


def test_frame_rate_and_joints_on_the_command_line_are_said_in_the_json(corpus: Path) -> None:
    code = main([str(corpus), "--recipe", str(corpus / "small.yaml"), "--fps", "30", "--joints=LeftArm,RightArm"])
    assert code == 0
    feature = Feature.load(corpus, "expmap_cr_scaled_30")
    assert feature.fps == 30
    assert feature.extractors == ({"name": "expmap", "joints": ["LeftArm", "RightArm"]},)
    assert len(values(corpus, "s0", "sound_scaled_30")) == 60


def test_nothing_written_depends_on_where_the_folder_lies(corpus: Path) -> None:
    assert not [name for name, data in made(corpus).items() if str(corpus.parent).encode() in data]


def test_one_bad_file_is_reported_and_the_rest_is_done(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for sequence_id, text in (("broken", "HIERARCHY\nROOT Hips\n{\n"), ("empty", "")):
        add_pair(corpus, sequence_id, 5)
        (corpus / f"{sequence_id}.bvh").write_text(text)
    (corpus / "noise.wav").write_bytes(b"no sound at all")
    assert main([str(corpus), "--recipe", str(corpus / "small.yaml"), "--jobs", "1"]) == 1
    printed = capsys.readouterr().out
    assert all(f"failed: {name}: " in printed for name in ("broken.bvh", "empty.bvh", "noise.wav"))
    assert len(sequences_with(corpus, MOTION)) == 5
    assert len(sequences_with(corpus, SOUND)) == 7


def test_a_file_that_went_bad_leaves_no_array_of_its_past(corpus: Path) -> None:
    (corpus / "s0.wav").write_bytes(b"no sound any more")
    assert run(corpus).failed.keys() == {"s0.wav"}
    assert not list(corpus.glob("s0.sound*"))
    assert (corpus / f"s0.{MOTION}.npy").is_file()


def test_values_that_are_not_finite_are_a_fault_of_their_file(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def with_nan(*arguments: Any) -> arrays.Combination:
        array = original(*arguments)
        array.values[3, 1] = np.nan
        return array

    original = arrays.combine
    monkeypatch.setattr(arrays, "combine", with_nan)
    add_pair(corpus, "s9", 9)
    assert run(corpus, sources=("audio",)).failed == {"s9.wav": "mel_01 is nan in frame 3"}


def test_other_joints_are_an_error_that_lists_the_odd_ones(corpus: Path) -> None:
    write_bvh(corpus / "odd one.bvh", swaying(3, names=("Root", *NAMES[1:])))
    with pytest.raises(ValueError, match="odd one"):
        run(corpus)


def test_without_a_training_sequence_nothing_is_fitted(corpus: Path) -> None:
    split_path(corpus, "train").write_text("somebody else")
    with pytest.raises(ValueError, match=r"base_filenames_train\.txt"):
        run(corpus)
    assert not (corpus / f"{MOTION}.json").exists()


def test_unknown_and_unlisted_sequences_are_reported(corpus: Path, caplog: pytest.LogCaptureFixture) -> None:
    with split_path(corpus, "test").open("a") as file:
        file.write("ghost")
    add_pair(corpus, "newcomer", 6)
    run(corpus)
    assert "base_filenames_test.txt names sequences that are not there: ghost" in caplog.text
    assert "in no split list: newcomer" in caplog.text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"recipe": "dense"}, "recipe"),
        ({"fps": 0.0}, "frame rate"),
        ({"joints": ["Tail"]}, "Tail"),
        ({"sources": ("text",)}, "text"),
        ({"from_experiment": Path("nowhere")}, "nowhere"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_changes(
    corpus: Path, options: dict[str, Any], message: str
) -> None:
    before = contents(corpus)
    with pytest.raises((ValueError, LookupError, FileNotFoundError), match=message):
        run(corpus, **options)
    assert contents(corpus) == before


def test_an_empty_folder_is_said_to_be_empty(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no recordings"):
        extract(tmp_path)


def test_new_songs_get_the_transforms_of_a_run(corpus: Path, tmp_path: Path) -> None:
    features = tmp_path / "run" / "features"
    features.mkdir(parents=True)
    for name in (MOTION, SOUND):
        Feature.load(corpus, name).save(features)
    songs = tmp_path / "songs"
    songs.mkdir()
    soundfile.write(songs / "new song.wav", clicking(42, 3.0, 44100), 44100)
    report = extract(songs, from_experiment=tmp_path / "run", jobs=1, progress=False)
    assert report.features == (SOUND,)
    scaled, unscaled = values(songs, "new song", SOUND), values(songs, "new song", "sound_20")
    np.testing.assert_array_equal(scaled, Feature.load(corpus, SOUND).scale(unscaled))
    assert (songs / f"{SOUND}.json").read_bytes() == (corpus / f"{SOUND}.json").read_bytes()
    assert (songs / f"{SOUND}.scaler.npz").read_bytes() == (corpus / f"{SOUND}.scaler.npz").read_bytes()
    assert not list(songs.glob("base_filenames*"))
    assert extract(songs, from_experiment=tmp_path / "run", jobs=1, progress=False).computed == 0


LOUDNESS = '''"""Root mean square of each frame."""
import numpy as np
from feature_extraction.base_features import BaseFeatures, FeatureArray

class LoudnessFeatures(BaseFeatures):
    """One column."""
    source = "audio"

    def encode(self, raw, frames=None):
        blocks = np.array_split(raw.samples, frames)
        values = np.array([[np.sqrt(np.mean(block**2))] for block in blocks], np.float32)
        return FeatureArray(values, ("loudness",))
'''


def test_an_extractor_of_ones_own_works_in_every_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_plugin_dirs", [])
    monkeypatch.setattr(sys, "path", [*sys.path])
    folder, plugins = make_corpus(tmp_path / "corpus", 3), tmp_path / "my plugins"
    plugins.mkdir()
    (plugins / "loudness_features.py").write_text(LOUDNESS)
    recipe = folder / "loud.yaml"
    recipe.write_text("fps: 20\nfeatures:\n  loud: {source: audio, extractors: [{name: loudness}]}\n")
    assert main([str(folder), f"--recipe={recipe}", f"--plugin-dir={plugins}", "--jobs=2"]) == 0
    assert sequences_with(folder, "loud_20") == ["s0", "s1", "s2"]
    assert Feature.load(folder, "loud_20").columns == ("loudness",)
    assert not list(folder.glob("*_scaled_*"))


def test_recordings_of_three_skeletons_are_refused_together_and_done_apart(shared_data: Path, tmp_path: Path) -> None:
    names = ("dance_cmu0520", "dance_idle001", "dance_jesse")
    for folder in (*names, "together"):
        (tmp_path / folder).mkdir()
    for name in names:
        for folder in (name, "together"):
            shutil.copy(shared_data / "standin_pairs" / f"{name}.bvh", tmp_path / folder)
            shutil.copy(shared_data / "standin_pairs" / f"{name}.wav", tmp_path / folder)
    options: dict[str, Any] = {"joints": "all", "sources": ("motion",), "jobs": 1, "progress": False}
    with pytest.raises(ValueError, match=r"dance_.*dance_"):
        extract(tmp_path / "together", **options)
    for name in names:
        extract(tmp_path / name, **options)
        feature = Feature.load(tmp_path / name, MOTION)
        array = load_array(feature_path(tmp_path / name, name, MOTION))
        decoded = feature.decode(array, feature.sequence_decoding(tmp_path / name, name))
        original = resample(read_bvh(tmp_path / name / f"{name}.bvh"), 20).cut(0, len(array))
        error = np.abs(joint_positions(decoded) - joint_positions(original)).max()
        assert error < 1e-4 * original.skeleton.height


def sliding(motion: Motion, *joints: int) -> Motion:
    """Give a motion in which these joints also slide to and fro."""
    way = np.sin(np.arange(motion.frames) / 9)[:, None]
    places = [motion.skeleton.offsets[j] + way for j in joints]
    skeleton = replace(motion.skeleton, moving=(0, *joints))
    return replace(motion, skeleton=skeleton, positions=np.stack([motion.positions[:, 0], *places], axis=1))


def test_joints_that_slide_in_some_recordings_only_are_at_rest_in_the_others(tmp_path: Path) -> None:
    folder = make_corpus(tmp_path / "corpus", 3)
    originals = {"s0": sliding(swaying(0), 2), "s1": swaying(1), "s2": sliding(swaying(2), 1, 3)}
    for sequence_id, motion in originals.items():
        write_bvh(folder / f"{sequence_id}.bvh", motion)
    split_path(folder, "train").write_text("s0\ns1\ns2\n")
    assert run(folder).exit_code == 0
    feature = Feature.load(folder, MOTION)
    assert {f"{NAMES[j]}_Xposition" for j in (1, 2, 3)} <= set(feature.columns)
    for sequence_id, motion in originals.items():
        decoded = feature.decode(values(folder, sequence_id, MOTION), feature.sequence_decoding(folder, sequence_id))
        expected = joint_positions(resample(motion, feature.fps))
        np.testing.assert_allclose(joint_positions(decoded), expected, atol=1e-4 * motion.skeleton.height)


def test_a_joint_that_slides_only_after_fitting_keeps_the_features_columns(corpus: Path) -> None:
    columns = Feature.load(corpus, MOTION).columns
    late = next(name for name in read_split(corpus, "val"))
    write_bvh(corpus / f"{late}.bvh", sliding(swaying(9), 2))
    assert run(corpus).exit_code == 0
    assert Feature.load(corpus, MOTION).columns == columns
    assert values(corpus, late, MOTION).shape[1] == len(columns)
