"""A recipe names features, and says plainly what is wrong with it."""

from pathlib import Path
from typing import Any

import pytest

from feature_extraction.feature import build
from feature_extraction.recipe import load_recipe, parse_recipe, recipe_names, recipe_of

MEL = {"source": "audio", "extractors": [{"name": "mel"}]}


@pytest.mark.parametrize("name", recipe_names())
def test_every_shipped_recipe_builds(name: str) -> None:
    for feature in load_recipe(name).features:
        assert len(build(feature.extractors, feature.fps)) == len(feature.extractors)


def test_dance_gives_the_fields_names() -> None:
    assert [feature.name for feature in load_recipe("dance").features] == [
        "expmap_cr_scaled_20",
        "audio_feats_scaled_20",
    ]


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        (MEL, "m_20"),
        (MEL | {"scale": "standard"}, "m_scaled_20"),
        (MEL | {"scale": False, "remove_constants": True}, "m_cr_20"),
        (MEL | {"scale": "maximum", "remove_constants": True}, "m_cr_scaled_20"),
        (MEL | {"scale": "none", "pca": 4}, "m_pca_20"),
        (MEL | {"scale": "standard", "pca": 4}, "m_scaled_pca_20"),
    ],
)
def test_a_name_tells_what_was_done(entry: dict[str, Any], name: str) -> None:
    (feature,) = parse_recipe("r", {"fps": 20, "features": {"m": entry}}).features
    assert feature.name == name
    assert feature.base == "m_20"
    assert sorted(feature.derived) == sorted(
        f"m{done}_20" for done in ("_scaled", "_cr", "_cr_scaled", "_pca", "_scaled_pca", "_cr_pca", "_cr_scaled_pca")
    )


def test_a_recipe_of_unscaled_arrays_comes_back_from_their_name() -> None:
    recipe = recipe_of("audio_feats_29.97", "audio", [{"name": "mel"}], 29.97)
    assert recipe.base == "audio_feats_29.97"


def test_where_a_file_lies_counts_until_it_is_learned_of() -> None:
    entries = [{"name": "word_vectors", "vectors": path} for path in ("/home/me/glove.txt", "glove.txt")]
    knowing = [entry | {"state": {"words": ["so"]}} for entry in entries]
    hashes = [recipe_of("words_20", "text", [entry], 20).extractors_hash for entry in (*entries, *knowing)]
    assert len(set(hashes)) == 3
    assert hashes[2] == hashes[3]


def test_frame_rate_and_joints_can_be_overridden() -> None:
    motion, audio = load_recipe("dance").override(fps=30.0, joints="all").features
    assert motion.name == "expmap_cr_scaled_30"
    assert motion.extractors == ({"name": "expmap", "joints": "all"},)
    assert audio.name == "audio_feats_scaled_30"
    assert all("joints" not in extractor for extractor in audio.extractors)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "mapping"),
        ({"features": {"m": MEL}}, "fps"),
        ({"fps": 0, "features": {"m": MEL}}, "fps"),
        ({"fps": True, "features": {"m": MEL}}, "fps"),
        ({"fps": 20, "features": {}}, "at least one"),
        ({"fps": 20, "feature": {}}, "did you mean features"),
        ({"fps": 20, "features": {"a b": MEL}}, "a b"),
        ({"fps": 20, "features": {"m": MEL, "m_scaled": MEL}}, "one name: m_scaled_20"),
        ({"fps": 20, "features": {"m": MEL | {"scales": "standard"}}}, "did you mean scale"),
        ({"fps": 20, "features": {"m": MEL | {"scale": "robust"}}}, "standard, maximum"),
        ({"fps": 20, "features": {"m": MEL | {"source": "video"}}}, "motion, audio, text, label"),
        ({"fps": 20, "features": {"m": MEL | {"pca": True}}}, "number of components"),
        ({"fps": 20, "features": {"m": MEL | {"mirror": True}}}, "for features of motion, not of audio"),
        ({"fps": 20, "features": {"m": MEL | {"allow_missing_text": True}}}, "for features of text"),
        ({"fps": 20, "features": {"m": MEL | {"remove_constants": "yes"}}}, "true or false"),
        ({"fps": 20, "features": {"m": {"source": "audio", "extractors": ["mel"]}}}, "name"),
        ({"fps": 20, "features": {"m": {"source": "audio"}}}, "extractors"),
    ],
)
def test_what_is_wrong_is_said(data: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_recipe("r", data)


def test_a_recipe_file_of_ones_own_is_read_and_named_in_errors(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("fps: 25\nfeatures:\n  m: {source: audio, extractors: [{name: mel, n_mels: 40}]}\n")
    assert load_recipe(path).features[0].name == "m_25"
    path.write_text("fps: [")
    with pytest.raises(ValueError, match=r"mine\.yaml"):
        load_recipe(path)
    path.write_text("fps: fast\nfeatures: {}\n")
    with pytest.raises(ValueError, match=r"mine\.yaml: fps"):
        load_recipe(path)


def test_an_unknown_recipe_names_the_nearest() -> None:
    with pytest.raises(LookupError, match="did you mean dance"):
        load_recipe("dence")
