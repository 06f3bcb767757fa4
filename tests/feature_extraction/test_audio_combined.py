"""All that is heard in a sound goes under one name, from one reading of the file, in step with everything else."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from feature_extraction import align
from feature_extraction.audio import Audio, read_audio, working_rate
from feature_extraction.extract import extract
from feature_extraction.feature import build, combine
from feature_extraction.store import load_array, load_json

NAMES = ("mel", "multi_mel", "envelope", "spectralflux", "beats", "tempo", "chroma", "mfcc")
DIMS = (80, 240, 1, 1, 2, 3, 24, 26)
RECIPE = f"""
fps: 20
features:
  everything:
    source: audio
    extractors: [{", ".join(f"{{name: {name}}}" for name in NAMES)}]
    scale: standard
  speech:
    source: audio
    extractors: [{{name: mfcc}}]
"""


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    for seed in range(2):
        noise = np.random.default_rng(seed).normal(0, 0.1, (22050 * 3 + seed, 2))
        soundfile.write(tmp_path / f"song_{seed}.wav", noise, 22050)
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    return tmp_path


def test_one_reading_serves_all_extractors_of_all_features(songs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []

    def counted(path: Path, sample_rate: float | None = None) -> Audio:
        read.append(path.name)
        return read_audio(path, sample_rate)

    monkeypatch.setattr(align, "read_audio", counted)
    report = extract(songs, songs / "recipe.yaml", jobs=1, progress=False)
    assert report.failed == {}
    assert sorted(read) == ["song_0.wav", "song_1.wav"]
    sidecar = load_json(songs / "song_0.everything_20.json")
    assert tuple(sidecar["dims"]) == DIMS
    together = load_array(songs / "song_0.everything_20.npy")
    assert together.shape == (60, sum(DIMS))
    np.testing.assert_array_equal(together[:, -26:], load_array(songs / "song_0.speech_20.npy"))
    assert len(load_array(songs / "song_1.speech_20.npy")) == 61


@pytest.mark.parametrize("fps", [20, 30, 59.94])
def test_a_combination_is_its_parts_side_by_side(songs: Path, fps: float) -> None:
    raw = read_audio(songs / "song_0.wav", working_rate(fps)[0])
    extractors = build([{"name": name} for name in NAMES], fps)
    combination = combine(extractors, raw)
    assert combination.dims == DIMS
    start = 0
    for extractor, dim in zip(extractors, DIMS, strict=True):
        part = extractor.encode(raw)
        np.testing.assert_array_equal(combination.values[:, start : start + dim], part.values)
        assert combination.columns[start : start + dim] == part.columns
        start += dim
