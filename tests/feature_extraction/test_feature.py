"""A fitted feature is plain data that turns recordings into a model's numbers and back."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from feature_extraction.audio import Audio
from feature_extraction.extract import extract
from feature_extraction.feature import Feature, build, combine
from feature_extraction.motion.bvh import read_bvh
from feature_extraction.motion.resample import resample
from feature_extraction.motion.skeleton import joint_positions
from feature_extraction.store import feature_path, load_array, load_json
from tests.feature_extraction.small_corpus import NAMES, SAMPLE_RATE, clicking, make_corpus, swaying

MOTION, SOUND = "expmap_cr_scaled_20", "sound_scaled_20"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An extracted corpus; nothing here changes it."""
    folder = make_corpus(tmp_path_factory.mktemp("corpus"))
    extract(folder, folder / "small.yaml", jobs=1, progress=False)
    return folder


def test_encoding_a_recording_gives_what_extraction_stored(corpus: Path) -> None:
    feature = Feature.load(corpus, MOTION)
    encoded = feature.encode(read_bvh(corpus / "s1.bvh"))
    np.testing.assert_array_equal(encoded, load_array(feature_path(corpus, "s1", MOTION)))


def test_sound_at_any_rate_is_encoded_frame_by_frame(corpus: Path) -> None:
    feature = Feature.load(corpus, SOUND)
    sound = Audio(clicking(3, 1.51).astype(np.float32), SAMPLE_RATE)
    encoded = feature.encode(sound)
    assert encoded.shape == (31, 8)
    assert encoded.dtype == np.float32
    np.testing.assert_array_equal(feature.encode(sound, frames=20), encoded[:20])


def test_encode_then_decode_is_the_motion(corpus: Path) -> None:
    feature = Feature.load(corpus, MOTION)
    motion = read_bvh(corpus / "s2.bvh")
    own = feature.sequence_decoding(corpus, "s2")
    decoded = feature.decode(feature.encode(motion), own)
    error = np.abs(joint_positions(decoded) - joint_positions(resample(motion, 20))).max()
    assert error < 1e-4 * motion.skeleton.height


def test_decoding_with_the_sidecar_uses_the_sequences_own_bones(corpus: Path) -> None:
    feature = Feature.load(corpus, MOTION)
    values = load_array(feature_path(corpus, "s2", MOTION))
    own = feature.decode(values, feature.sequence_decoding(corpus, "s2")).skeleton.offsets
    np.testing.assert_allclose(own, read_bvh(corpus / "s2.bvh").skeleton.offsets, atol=1e-6)
    assert np.abs(feature.decode(values).skeleton.offsets - own).max() > 0.01
    assert feature.sequence_decoding(corpus, "somebody else") is None


def test_constants_are_put_back_where_they_were(corpus: Path) -> None:
    feature = Feature.load(corpus, MOTION)
    assert feature.constants
    assert feature.dim + len(feature.constants) == len(feature.all_columns)
    unscaled = load_array(feature_path(corpus, "s1", feature.base))
    restored = feature.restore(feature.scale(feature.select(unscaled)))
    np.testing.assert_allclose(restored, unscaled, atol=1e-4)


@pytest.mark.parametrize("name", [MOTION, SOUND])
def test_a_feature_comes_back_from_its_files_and_from_json(corpus: Path, tmp_path: Path, name: str) -> None:
    feature = Feature.load(corpus, name)
    feature.save(tmp_path)
    plain = json.loads(json.dumps(feature.to_dict()))
    assert Feature.load(tmp_path, name).to_dict() == Feature.from_dict(plain).to_dict() == feature.to_dict()
    assert "/" not in (tmp_path / f"{name}.json").read_text()


def test_a_feature_without_scaler_has_no_scaler_file(corpus: Path, tmp_path: Path) -> None:
    replace(Feature.load(corpus, SOUND), scaler=None).save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f"{SOUND}.json"]
    assert Feature.load(tmp_path, SOUND).scaler is None


def test_what_is_no_feature_is_named(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing_20\.json"):
        Feature.load(corpus, "nothing_20")
    (tmp_path / "a_20.json").write_text('{"words": []}')
    with pytest.raises(ValueError, match="a_20"):
        Feature.load(tmp_path, "a_20")
    (tmp_path / f"{SOUND}.json").write_bytes((corpus / f"{SOUND}.json").read_bytes())
    with pytest.raises(FileNotFoundError, match=rf"{SOUND}\.scaler\.npz"):
        Feature.load(tmp_path, SOUND)


def test_what_does_not_fit_is_refused(corpus: Path) -> None:
    motion, sound = Feature.load(corpus, MOTION), Feature.load(corpus, SOUND)
    with pytest.raises(ValueError, match=r"\(frames, 8\)"):
        sound.restore(np.zeros((5, 9)))
    with pytest.raises(ValueError, match="turned back"):
        sound.decode(np.zeros((5, 8)))
    with pytest.raises(ValueError, match="Tail_alpha"):
        motion.encode(swaying(1, names=(*NAMES[:-1], "Tail")))
    with pytest.raises(ValueError, match="frames"):
        motion.encode(swaying(1, seconds=1.0), frames=100)


def test_extractors_side_by_side_keep_their_order_and_their_names_apart() -> None:
    sound = Audio(clicking(0).astype(np.float32), 48000)
    both = combine(build([{"name": "envelope"}, {"name": "mel", "n_mels": 8}], 20), sound, 16)
    assert both.values.shape == (16, 9)
    assert both.dims == (1, 8)
    assert both.columns[0] == "envelope"
    with pytest.raises(ValueError, match="same column"):
        combine(build([{"name": "mel"}, {"name": "mel"}], 20), sound, 16)


def test_unknown_extractors_and_parameters_are_named() -> None:
    with pytest.raises(LookupError, match="mell"):
        build([{"name": "mell"}], 20)
    with pytest.raises(ValueError, match=r"mel .*bands"):
        build([{"name": "mel", "bands": 3}], 20)


def test_the_sidecar_tells_where_an_array_came_from(corpus: Path) -> None:
    sidecar = load_json(corpus / "s1.sound_20.json")
    assert sidecar["source"] == "s1.wav"
    assert sidecar["frames"] == 40
    assert len(sidecar["columns"]) == 8
