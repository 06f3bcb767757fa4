"""What every extractor promises; one that is added to the package is tested on arrival."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import registry
from feature_extraction import align
from feature_extraction.audio import Audio, frame_count
from feature_extraction.base_features import BaseFeatures
from feature_extraction.feature import find_extractor
from feature_extraction.motion.skeleton import Motion, joint_positions
from feature_extraction.text.transcript import Transcript, Word
from tests.feature_extraction.small_corpus import SAMPLE_RATE, clicking, swaying

EXTRACTORS = [
    name
    for name in registry.names("features")
    if (package := find_extractor(name).requires) is None or find_spec(package)
]
REVERSIBLE = [name for name in EXTRACTORS if find_extractor(name).reversible]


VECTORS = {"word_vectors": {"vectors": "vectors.txt"}}
"""What extractors that learn from a file are told of it."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus folder with the files that extractors learn from."""
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "vectors.txt").write_text("hello 0.5 1 -2\nworld 0.25 3 1\n", encoding="utf-8")
    return folder


def recording(source: str, fps: float, seconds: float = 3.0) -> Motion | Audio | Transcript | str:
    """A raw input, at the rate that extractors are promised."""
    if source == "label":
        return "waltz_01"
    if source == "text":
        return Transcript((Word("Hello", 0.0, 1.1), Word("World!", 1.2, 1.3), Word("hello", 1.5, seconds)))
    raw = {
        "motion": swaying(1, seconds),
        "audio": Audio(clicking(1, seconds).astype(np.float32), SAMPLE_RATE),
    }[source]
    return align.to_rate(raw, fps)


def taught(name: str, fps: float, folder: Path) -> BaseFeatures:
    """The extractor, with what it learns from its recording."""
    parameters = VECTORS.get(name, {})
    extractor = find_extractor(name)(fps, **parameters)
    state = extractor.fit([recording(extractor.source, fps)], folder)
    assert json.loads(json.dumps(state)) == state
    return find_extractor(name)(fps, **parameters, state=state) if state else extractor


def test_there_are_extractors() -> None:
    assert {"expmap", "mel", "envelope", "beats"} <= set(EXTRACTORS)
    assert "expmap" in REVERSIBLE


@pytest.mark.parametrize("name", EXTRACTORS)
def test_it_says_what_it_is(name: str) -> None:
    extractor = find_extractor(name)
    assert issubclass(extractor, BaseFeatures)
    assert extractor.source in {"motion", "audio", "text", "label"}
    assert extractor.version >= 1
    assert extractor(20).fps == 20


@pytest.mark.parametrize("fps", [20, 30, 29.97])
@pytest.mark.parametrize("name", EXTRACTORS)
def test_it_gives_finite_numbers_of_the_right_count_with_named_columns(name: str, fps: float, folder: Path) -> None:
    extractor = taught(name, fps, folder)
    raw = recording(extractor.source, fps)
    single = extractor.source == "label"
    natural = 1 if single else frame_count(3.0, fps) if extractor.source == "text" else align.natural_frames(raw, fps)
    for wanted, frames in ((None, natural), (natural, natural), (natural // 2, natural // 2), (1, 1)):
        array = extractor.encode(raw, wanted)
        assert array.values.dtype in (
            [np.float32] if extractor.source in ("motion", "audio") else [np.float32, np.int64]
        )
        assert array.values.shape == (1 if single else frames, len(array.columns))
        assert np.isfinite(array.values).all()
        assert len(set(array.columns)) == len(array.columns)


@pytest.mark.parametrize("name", EXTRACTORS)
def test_fewer_frames_are_the_first_of_more(name: str, folder: Path) -> None:
    extractor = taught(name, 20, folder)
    raw = recording(extractor.source, 20)
    values = extractor.encode(raw, 60).values
    np.testing.assert_allclose(extractor.encode(raw, 30).values, values[:30], atol=1e-5)


@pytest.mark.parametrize("name", EXTRACTORS)
def test_it_gives_the_same_numbers_twice_and_leaves_its_input_alone(name: str, folder: Path) -> None:
    extractor = taught(name, 20, folder)
    raw = recording(extractor.source, 20)
    first = extractor.encode(raw)
    np.testing.assert_array_equal(extractor.encode(recording(extractor.source, 20)).values, first.values)
    np.testing.assert_array_equal(extractor.encode(raw).values, first.values)


@pytest.mark.parametrize("seconds", [3.0, 0.02])
@pytest.mark.parametrize("name", REVERSIBLE)
def test_encode_then_decode_is_the_identity(name: str, seconds: float) -> None:
    extractor = find_extractor(name)(20, joints="all")
    motion = recording("motion", 20, seconds)
    assert isinstance(motion, Motion)
    array = extractor.encode(motion)
    decoded = extractor.decode(array.values, array.columns, array.decoding)
    assert decoded.fps == 20
    error = np.abs(joint_positions(decoded) - joint_positions(motion)).max()
    assert error < 1e-4 * motion.skeleton.height


@pytest.mark.parametrize("name", EXTRACTORS)
def test_the_decodings_of_sequences_merge_into_plain_json(name: str, folder: Path) -> None:
    extractor = taught(name, 20, folder)
    array = extractor.encode(recording(extractor.source, 20))
    merged = extractor.merge_decodings({"a": array.decoding, "b": array.decoding})
    assert json.loads(json.dumps(merged)) == merged
    assert json.loads(json.dumps(array.decoding)) == array.decoding
    if name not in REVERSIBLE:
        with pytest.raises(NotImplementedError):
            extractor.decode(array.values, array.columns, array.decoding)
