"""Extraction of words, labels, mirror images, combinations and principal components."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from feature_extraction.extract import extract, main
from feature_extraction.feature import Feature
from feature_extraction.mirroring import mirrored_id
from feature_extraction.motion.bvh import read_bvh, write_bvh
from feature_extraction.motion.mirror import mirror
from feature_extraction.motion.resample import resample
from feature_extraction.motion.skeleton import joint_positions
from feature_extraction.recipe import parse_recipe
from feature_extraction.store import find_raw, read_split, sequences_with, split_path
from tests.feature_extraction.small_corpus import (
    MOTION,
    NAMES,
    SAMPLE_RATE,
    SOUND,
    add_pair,
    clicking,
    contents,
    make_corpus,
    run,
    swaying,
    values,
)

WORDS, LABEL = "words_20", "style_20"
RECIPE = """\
fps: 20
features:
  words: {source: text, extractors: [{name: word_tokens}]}
  style: {source: label, extractors: [{name: label, pattern: "^[st]"}]}
  sound: {source: audio, extractors: [{name: mel, n_mels: 8}], scale: maximum, pca: 3}
"""


def say(folder: Path, sequence_id: str, *words: str) -> None:
    """Write a transcript of words of half a second each."""
    lines = [f"{0.5 * place}\t{0.5 * place + 0.5}\t{word}\n" for place, word in enumerate(words)]
    (folder / f"{sequence_id}.tsv").write_text("".join(lines))


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus with transcripts, extracted."""
    folder = make_corpus(tmp_path_factory.mktemp("spoken") / "corpus")
    (folder / "small.yaml").write_text(RECIPE)
    for name in find_raw(folder):
        say(folder, name, "up", "and", "down")
    run(folder)
    return folder


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus whose training motions are mirrored."""
    folder = make_corpus(tmp_path_factory.mktemp("mirrored") / "corpus")
    run(folder, do_mirror=True)
    return folder


@pytest.fixture
def corpus(spoken: Path, tmp_path: Path) -> Path:
    return shutil.copytree(spoken, tmp_path / "corpus")


@pytest.fixture
def images(mirrored: Path, tmp_path: Path) -> Path:
    return shutil.copytree(mirrored, tmp_path / "images")


def test_words_are_tokens_of_the_train_splits_vocabulary(spoken: Path) -> None:
    feature = Feature.load(spoken, WORDS)
    assert feature.extractors[0]["state"] == {"words": ["and", "down", "up"]}
    tokens = values(spoken, "s0", WORDS)
    assert tokens.dtype == np.int64
    assert tokens.shape == (40, 1)
    assert tokens[[5, 15, 25, 35], 0].tolist() == [4, 2, 3, 0]


def test_a_new_word_of_the_train_split_refits_the_words_alone(corpus: Path) -> None:
    before = contents(corpus)
    say(corpus, read_split(corpus, "train")[0], "aha")
    assert run(corpus).computed == 5
    changed = {name for name, data in contents(corpus).items() if data != before[name]}
    assert all(WORDS in name or name.endswith(".tsv") for name in changed)
    assert Feature.load(corpus, WORDS).extractors[0]["state"]["words"] == ["and", "down", "up", "aha"]


def test_a_word_of_the_test_split_is_unknown(corpus: Path) -> None:
    (held_out,) = read_split(corpus, "test")
    say(corpus, held_out, "up", "aha")
    assert run(corpus).computed == 1
    assert values(corpus, held_out, WORDS)[[5, 15], 0].tolist() == [4, 1]


def test_a_missing_transcript_is_named_or_taken_for_silence(corpus: Path) -> None:
    (corpus / "s0.tsv").unlink()
    failed = run(corpus).failed
    assert failed.keys() == {"s0.json"}
    assert str(corpus / "s0.json") in failed["s0.json"]
    assert "--allow_missing_text" in failed["s0.json"]
    assert not list(corpus.glob("s0.words*"))
    assert not run(corpus, allow_missing_text=True).failed
    assert (values(corpus, "s0", WORDS) == 0).all()
    say(corpus, read_split(corpus, "train")[1], "aha")
    assert not run(corpus).failed, "what was taken for silence before is not asked for again"
    assert (values(corpus, "s0", WORDS) == 0).all()
    say(corpus, "s0", "up", "and", "down")
    run(corpus)
    assert (values(corpus, "s0", WORDS)[[5, 15, 25]] > 0).all()


def test_without_any_transcript_the_features_of_text_are_refused(corpus: Path) -> None:
    for path in corpus.glob("*.tsv"):
        path.unlink()
    with pytest.raises(ValueError, match=r"no file ending in \.json \.tsv .*--allow_missing_text"):
        run(corpus)
    assert run(corpus, sources=("audio",)).computed == 0


def test_json_that_is_no_sequences_transcript_is_left_alone(corpus: Path) -> None:
    (corpus / "notes.json").write_text("{}")
    (corpus / "table.tsv").write_text("no transcript")
    assert "notes" not in find_raw(corpus)
    assert run(corpus).computed == 0


def test_labels_are_one_whole_number(spoken: Path) -> None:
    for name in find_raw(spoken):
        assert values(spoken, name, LABEL).tolist() == [[0]]
        assert values(spoken, name, LABEL).dtype == np.int64


def test_a_class_that_training_lacks_fails_that_sequence(corpus: Path) -> None:
    add_pair(corpus, "tango", 8)
    say(corpus, "tango", "up")
    failed = run(corpus).failed
    assert failed.keys() == {"tango"}
    assert "'t'" in failed["tango"]


def test_test_speech_without_motion_gets_the_transforms_of_a_run(corpus: Path, tmp_path: Path) -> None:
    run_folder, speech = tmp_path / "run", tmp_path / "speech"
    for folder in (run_folder / "features", speech):
        folder.mkdir(parents=True)
    for name in ("words_20", "sound_scaled_pca_20"):
        Feature.load(corpus, name).save(run_folder / "features")
    for name in ("TestSeq001", "TestSeq002"):
        soundfile.write(speech / f"{name}.wav", clicking(3), SAMPLE_RATE)
    say(speech, "TestSeq001", "down", "never")
    report = extract(speech, from_experiment=run_folder, jobs=1, progress=False)
    assert report.failed.keys() == {"TestSeq002.json"}
    assert values(speech, "TestSeq001", WORDS)[[5, 15], 0].tolist() == [3, 1]
    assert values(speech, "TestSeq002", "sound_scaled_pca_20").shape == (40, 3)
    report = extract(speech, from_experiment=run_folder, allow_missing_text=True, jobs=1, progress=False)
    assert not report.failed
    assert (values(speech, "TestSeq002", WORDS) == 0).all()


def test_principal_components_are_those_of_the_scaled_train_split(spoken: Path) -> None:
    feature = Feature.load(spoken, "sound_scaled_pca_20")
    train = read_split(spoken, "train")
    assert feature.scaler is not None
    scaled = np.concatenate([feature.scaler.scaled(values(spoken, name, "sound_20")) for name in train])
    scaled = scaled.astype(np.float64) - scaled.mean(axis=0, dtype=np.float64)
    _, _, directions = np.linalg.svd(scaled, full_matrices=False)
    components = np.concatenate([values(spoken, name, "sound_scaled_pca_20") for name in train])
    np.testing.assert_allclose(np.abs(components), np.abs(scaled @ directions[:3].T), atol=1e-4)
    assert feature.dim == components.shape[1] == 3
    assert Feature.from_dict(json.loads(json.dumps(feature.to_dict()))).dim == 3
    whole = feature.restore(components)
    assert whole.shape == (len(components), 8)
    assert np.abs(feature.scale(feature.select(whole)) - components).max() < 1e-4


def test_scaled_by_maximum_is_within_one_and_touches_it(corpus: Path) -> None:
    run(
        corpus,
        recipe=parse_recipe(
            "m",
            {
                "fps": 20,
                "features": {
                    "mel": {"source": "audio", "extractors": [{"name": "mel", "n_mels": 8}], "scale": "maximum"}
                },
            },
        ),
    )
    train = np.concatenate([values(corpus, name, "mel_scaled_20") for name in read_split(corpus, "train")])
    np.testing.assert_allclose(np.abs(train).max(axis=0), 1.0, atol=1e-6)
    np.testing.assert_allclose(train.mean(axis=0, dtype=np.float64), 0.0, atol=1e-6)


def test_named_features_become_one_or_several(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [str(corpus), "--feature_names", "mel,envelope", "--jobs", "1"]
    assert main([*command, "--combined_feature_name", "heard", "--pca_dims", "5"]) == 0
    assert values(corpus, "s0", "heard_20").shape == (40, 81)
    assert values(corpus, "s0", "heard_scaled_pca_20").shape == (40, 5)
    assert main([*command, "--fps", "30"]) == 0
    assert values(corpus, "s0", "envelope_scaled_30").shape == (60, 1)
    assert values(corpus, "s0", "mel_scaled_30").shape == (60, 80)
    with pytest.raises(ValueError, match="heard_scaled_pca_20: 99 components are wanted of 81 columns"):
        main([*command, "--combined_feature_name", "heard", "--pca_dims", "99"])
    with pytest.raises(ValueError, match="expmap of motion"):
        main([str(corpus), "--feature_names", "mel,expmap", "--combined_feature_name", "all"])
    with pytest.raises(LookupError, match="did you mean envelope"):
        main([str(corpus), "--feature_names", "mel,envelop"])
    with pytest.raises(ValueError, match="--feature_names"):
        main([str(corpus), "--combined_feature_name", "all"])


def test_mirror_images_are_the_mirrored_training_motions(mirrored: Path) -> None:
    feature = Feature.load(mirrored, MOTION)
    train = read_split(mirrored, "train")
    assert sequences_with(mirrored, MOTION) == sorted([*find_raw(mirrored), *map(mirrored_id, train)])
    assert not any(mirrored_id(name) in find_raw(mirrored) for name in train)
    assert sequences_with(mirrored, SOUND) == sorted(find_raw(mirrored))
    for name in train:
        expected = mirror(resample(read_bvh(mirrored / f"{name}.bvh"), 20))
        image = mirrored_id(name)
        decoded = feature.decode(values(mirrored, image, MOTION), feature.sequence_decoding(mirrored, image))
        error = np.abs(joint_positions(decoded) - joint_positions(expected)).max()
        assert error < 1e-4 * expected.skeleton.height


def test_statistics_are_of_originals_and_mirror_images(mirrored: Path) -> None:
    feature = Feature.load(mirrored, MOTION)
    assert feature.scaler is not None
    names = [each for name in read_split(mirrored, "train") for each in (name, mirrored_id(name))]
    train = np.concatenate([feature.select(values(mirrored, name, "expmap_20")) for name in names])
    np.testing.assert_allclose(feature.scaler.mean, train.mean(axis=0, dtype=np.float64), rtol=1e-9, atol=1e-9)
    turn = feature.columns.index("Hips_dYrotation")
    assert abs(feature.scaler.mean[turn]) < 1e-6, "to both sides alike"


def test_a_folder_that_has_mirror_images_keeps_them_up_to_date(images: Path) -> None:
    assert run(images).computed == 0
    name = read_split(images, "train")[0]
    write_bvh(images / f"{name}.bvh", swaying(55))
    assert run(images).computed == 2 + 5 + 3
    fresh = mirror(resample(read_bvh(images / f"{name}.bvh"), 20))
    feature, image = Feature.load(images, MOTION), mirrored_id(name)
    decoded = feature.decode(values(images, image, MOTION), feature.sequence_decoding(images, image))
    np.testing.assert_allclose(joint_positions(decoded), joint_positions(fresh), atol=1e-4 * fresh.skeleton.height)


def test_mirror_images_go_as_they_came(images: Path, tmp_path: Path) -> None:
    plain = make_corpus(tmp_path / "plain")
    run(plain)
    with_images = contents(images)
    run(images, do_mirror=False)
    assert contents(images) == contents(plain)
    run(images, do_mirror=True)
    assert contents(images) == with_images


@pytest.mark.parametrize("spelling", ["--no-do_mirror", "--no-do-mirror", "--no_do_mirror"])
def test_the_flag_has_a_twin_in_every_spelling(images: Path, spelling: str) -> None:
    command = [str(images), "--recipe", str(images / "small.yaml"), "--jobs", "1", "--source", "motion"]
    assert main([*command, spelling]) == 0
    assert sequences_with(images, MOTION) == sorted(find_raw(images))
    assert main([*command, "--do-mirror"]) == 0
    assert mirrored_id(read_split(images, "train")[0]) in sequences_with(images, MOTION)


def test_mirror_images_may_be_in_the_lists(images: Path, caplog: pytest.LogCaptureFixture) -> None:
    train = read_split(images, "train")
    split_path(images, "train").write_text("\n".join([*train, *map(mirrored_id, train)]))
    assert run(images).computed == 0
    assert "not there" not in caplog.text


def test_a_sequence_that_leaves_the_train_split_loses_its_mirror_image(images: Path) -> None:
    first, *others = read_split(images, "train")
    split_path(images, "train").write_text("\n".join(others))
    run(images)
    assert not list(images.glob(f"{mirrored_id(first)}.*"))
    assert list(images.glob(f"{mirrored_id(others[0])}.*"))


def test_a_motion_without_a_mirror_image_is_reported_and_keeps_its_own_arrays(images: Path) -> None:
    name = read_split(images, "train")[0]
    run(images, do_mirror=False)
    for path in images.glob("*.bvh"):
        write_bvh(path, swaying(1, names=(*NAMES[:-1], "RightTail")))
    report = run(images, do_mirror=True)
    assert report.failed.keys() == {f"{each}.bvh" for each in read_split(images, "train")}
    assert "'LeftLeg' has no twin 'RightLeg'" in report.failed[f"{name}.bvh"]
    assert sequences_with(images, MOTION) == sorted(find_raw(images))


def test_a_recording_with_the_name_of_a_mirror_image_is_refused(images: Path) -> None:
    name = read_split(images, "train")[0]
    add_pair(images, mirrored_id(name), 4)
    with pytest.raises(ValueError, match=f"{mirrored_id(name)}: recordings have the names of mirror images"):
        run(images, do_mirror=True)


def test_what_a_run_was_trained_with_is_not_mirrored(images: Path) -> None:
    with pytest.raises(ValueError, match="--do_mirror"):
        run(images, do_mirror=True, from_experiment=images)


@pytest.mark.parametrize(
    "words", ["--recipe dense", "--feature_names mel", "--seed 3", "--val_regex s", "--test_regex s", "--fps 30"]
)
def test_options_that_a_run_leaves_nothing_to_say_are_refused(spoken: Path, words: str) -> None:
    with pytest.raises(ValueError, match=f"{words.split()[0]} cannot be beside --from_experiment: a run has its own"):
        main([str(spoken), "--from_experiment", str(spoken), *words.split()])
