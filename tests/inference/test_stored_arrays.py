"""Stored arrays are read as a model's own only where they were made as its own were."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from feature_extraction.extract import extract
from feature_extraction.feature import Feature
from feature_extraction.recipe import parse_recipe
from feature_extraction.store import find_raw, load_json, save_json, save_splits
from inference.reading import read_feature
from inference.recording import find_recording
from models.windows import Window
from tests.feature_extraction.small_corpus import make_corpus, run
from tests.feature_extraction.test_extract_sources import say

WORDS, SOUND, STYLE = "words_20", "sound_scaled_20", "style_20"


def spoken(folder: Path, *words: str, **parameters: object) -> Path:
    """An extracted corpus in which each talk has these words."""
    make_corpus(folder, 3)
    save_splits(folder, {"train": ["s0", "s2"], "val": ["s1"], "test": []})
    for name in find_raw(folder):
        say(folder, name, *words)
    extracted(folder, **parameters)
    return folder


def extracted(folder: Path, missing: bool = False, pattern: str = "^s", **parameters: object) -> None:
    features = {
        "words": {"source": "text", "extractors": [{"name": "word_tokens"}], "allow_missing_text": missing},
        "style": {"source": "label", "extractors": [{"name": "label", "pattern": pattern}]},
        "sound": {"source": "audio", "extractors": [{"name": "mel", "n_mels": 8} | parameters], "scale": "standard"},
    }
    run(folder, recipe=parse_recipe("spoken", {"fps": 20, "features": features}))


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return spoken(tmp_path / "corpus", "up", "and", "down")


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return spoken(tmp_path / "other", "an", "up", "zoo", f_max=4000.0)


def read(folder: Path, feature: Feature, name: str = "s1") -> np.ndarray:
    tokens = {"dim": 4, "discrete": True, "num_tokens": feature.num_tokens} if feature.num_tokens else {"dim": 8}
    window = Window(feature.name, length=1, **tokens)
    values = read_feature(find_recording(name, folder, [feature.name]), window, feature)
    assert values is not None
    return values


@pytest.mark.parametrize("name", [WORDS, SOUND])
def test_another_corpus_is_read_with_the_models_own_words_and_parameters(
    corpus: Path, other: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    feature = Feature.load(corpus, name)
    values = read(other, feature)
    for path in other.glob("s1.*.npy"):
        path.unlink()
    np.testing.assert_array_equal(values, read(other, feature))
    assert "_20.npy is made otherwise than what the model was trained on; the raw file is extracted" in caplog.text


def test_words_of_another_corpus_are_unknown_and_not_others(corpus: Path, other: Path) -> None:
    feature = Feature.load(corpus, WORDS)
    unknown, up = 1, 2 + feature.words.index("up")
    np.testing.assert_array_equal(read(other, feature)[5:30:10, 0], [unknown, up, unknown])


def test_classes_of_another_corpus_are_not_taken_for_the_models(corpus: Path, tmp_path: Path) -> None:
    feature = Feature.load(corpus, STYLE)
    extracted(corpus, pattern="[0-9]")
    assert np.load(corpus / f"s2.{STYLE}.npy").tolist() == [[1]]
    assert read(corpus, feature, "s2").tolist() == [[0]]


def test_an_old_run_keeps_its_words_when_its_folder_is_extracted_again(corpus: Path) -> None:
    feature = Feature.load(corpus, WORDS)
    before = read(corpus, feature)
    say(corpus, "s0", "a", "new", "beginning")
    extracted(corpus)
    assert Feature.load(corpus, WORDS).words != feature.words
    np.testing.assert_array_equal(read(corpus, feature), before)


def test_what_is_made_otherwise_is_refused_where_there_is_no_file_to_make_it_of(corpus: Path, other: Path) -> None:
    (other / "s1.wav").unlink()
    wanted = r"sound_20\.npy is made otherwise .*with other parameters.* no audio file .*--from_experiment"
    with pytest.raises(ValueError, match=wanted):
        read(other, Feature.load(corpus, SOUND))


def test_a_transcript_that_was_taken_for_silence_is_silence_to_any_model(corpus: Path, other: Path) -> None:
    (other / "s1.tsv").unlink()
    extracted(other, missing=True)
    assert not read(other, Feature.load(corpus, WORDS)).any()


def spoil(folder: Path) -> None:
    """Change the unscaled arrays of a sequence, to tell whether they are read."""
    for path in folder.glob("s1.*_20.npy"):
        np.save(path, np.load(path)[::-1])


@pytest.mark.parametrize("name", [WORDS, SOUND])
@pytest.mark.parametrize("how", ["the folder itself", "with its features", "shared", "extracted before a change"])
def test_the_models_own_arrays_are_read_as_they_are_stored(
    corpus: Path, tmp_path: Path, name: str, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    feature, folder = Feature.load(corpus, name), corpus
    before = read(corpus, feature)
    if how == "with its features":
        folder, run_folder = spoken(tmp_path / "new", "down", "and"), tmp_path / "run"
        (run_folder / "features").mkdir(parents=True)
        feature.save(run_folder / "features")
        extract(folder, from_experiment=run_folder, jobs=1, progress=False)
        before = read(folder, feature)
    elif how == "shared":
        feature = replace(feature, provenance={})
    elif how == "extracted before a change":
        sidecar = corpus / f"s1.{feature.base}.json"
        save_json(sidecar, load_json(sidecar) | {"recipe_hash": "of an older version"})
    spoil(folder)
    np.testing.assert_allclose(read(folder, feature), before[::-1], atol=1e-6)
    assert "made otherwise" not in caplog.text
