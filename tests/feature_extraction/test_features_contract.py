"""What every extractor promises; one that is added to the package is tested on arrival."""

import json

import numpy as np
import pytest

import registry
from feature_extraction import align
from feature_extraction.audio import Audio
from feature_extraction.base_features import BaseFeatures
from feature_extraction.feature import find_extractor
from feature_extraction.motion.skeleton import Motion, joint_positions
from feature_extraction.store import SUFFIXES
from tests.feature_extraction.small_corpus import SAMPLE_RATE, clicking, swaying

EXTRACTORS = registry.names("features")
REVERSIBLE = [name for name in EXTRACTORS if find_extractor(name).reversible]


def recording(source: str, fps: float, seconds: float = 3.0) -> Motion | Audio:
    """A recording at the rate that extractors are promised."""
    raw = {
        "motion": swaying(1, seconds),
        "audio": Audio(clicking(1, seconds).astype(np.float32), SAMPLE_RATE),
    }[source]
    return align.to_rate(raw, fps)


def test_there_are_extractors() -> None:
    assert {"expmap", "mel", "envelope", "beats"} <= set(EXTRACTORS)
    assert "expmap" in REVERSIBLE


@pytest.mark.parametrize("name", EXTRACTORS)
def test_it_says_what_it_is(name: str) -> None:
    extractor = find_extractor(name)
    assert issubclass(extractor, BaseFeatures)
    assert extractor.source in SUFFIXES
    assert extractor.version >= 1
    assert extractor(20).fps == 20


@pytest.mark.parametrize("fps", [20, 30, 29.97])
@pytest.mark.parametrize("name", EXTRACTORS)
def test_it_gives_finite_float32_of_the_right_count_with_named_columns(name: str, fps: float) -> None:
    extractor = find_extractor(name)(fps)
    raw = recording(extractor.source, fps)
    natural = align.natural_frames(raw, fps)
    for wanted, frames in ((None, natural), (natural, natural), (natural // 2, natural // 2), (1, 1)):
        array = extractor.encode(raw, wanted)
        assert array.values.dtype == np.float32
        assert array.values.shape == (frames, len(array.columns))
        assert np.isfinite(array.values).all()
        assert len(set(array.columns)) == len(array.columns)


@pytest.mark.parametrize("name", EXTRACTORS)
def test_fewer_frames_are_the_first_of_more(name: str) -> None:
    extractor = find_extractor(name)(20)
    raw = recording(extractor.source, 20)
    values = extractor.encode(raw, 60).values
    np.testing.assert_allclose(extractor.encode(raw, 30).values, values[:30], atol=1e-5)


@pytest.mark.parametrize("name", EXTRACTORS)
def test_it_gives_the_same_numbers_twice_and_leaves_its_input_alone(name: str) -> None:
    extractor = find_extractor(name)(20)
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
def test_the_decodings_of_sequences_merge_into_plain_json(name: str) -> None:
    extractor = find_extractor(name)(20)
    array = extractor.encode(recording(extractor.source, 20))
    merged = extractor.merge_decodings({"a": array.decoding, "b": array.decoding})
    assert json.loads(json.dumps(merged)) == merged
    assert json.loads(json.dumps(array.decoding)) == array.decoding
    if name not in REVERSIBLE:
        with pytest.raises(NotImplementedError):
            extractor.decode(array.values, array.columns, array.decoding)
