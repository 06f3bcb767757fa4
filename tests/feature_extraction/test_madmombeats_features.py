"""madmom's beats are brought to the frames; where it is missing, or bears another name, that is no riddle."""

import importlib.metadata
import logging
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from feature_extraction import madmombeats_features
from feature_extraction.audio import Audio, working_rate
from feature_extraction.madmombeats_features import MadmombeatsFeatures, greatest

STAND_IN = {
    "madmom/__init__.py": "from importlib.metadata import distribution\n__version__ = distribution('madmom').version\n",
    "madmom/audio/__init__.py": "",
    "madmom/audio/signal.py": "def Signal(samples, sample_rate, num_channels):\n    return samples, sample_rate\n",
    "madmom/features/__init__.py": "",
    "madmom/features/downbeats.py": """
import numpy as np
class RNNDownBeatProcessor:
    def __call__(self, signal):
        samples, rate = signal
        likelihood = np.zeros((len(samples) * 100 // rate, 2), np.float32)
        likelihood[52] = 0.75, 0.25
        return likelihood
""",
    "madmom_elsewhere-1.2.dist-info/METADATA": "Metadata-Version: 2.1\nName: madmom-elsewhere\nVersion: 1.2\n",
    "madmom_elsewhere-1.2.dist-info/top_level.txt": "madmom\n",
}
"""A package that is imported as madmom, though its distribution has another name."""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, text in STAND_IN.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for name in [name for name in sys.modules if name.split(".")[0] == "madmom"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    madmombeats_features._networks.cache_clear()
    yield
    madmombeats_features._networks.cache_clear()
    for name in [name for name in sys.modules if name.split(".")[0] == "madmom"]:
        del sys.modules[name]


def silence(fps: float, seconds: float = 1.0) -> Audio:
    rate = working_rate(fps)[0]
    return Audio(np.zeros(round(seconds * rate), np.float32), rate)


@pytest.mark.usefixtures("stand_in")
@pytest.mark.parametrize(("fps", "frame"), [(20, 10), (29.97, 16), (60, 31), (100, 52)])
def test_likelihoods_are_brought_to_the_frame_that_their_time_is_nearest_to(fps: float, frame: int) -> None:
    array = MadmombeatsFeatures(fps).encode(silence(fps), 130)
    assert array.columns == ("beat", "downbeat")
    assert array.values.dtype == np.float32
    assert array.values.shape == (130, 2)
    assert array.values[frame].tolist() == [0.75, 0.25]
    assert array.values[:, 0].argmax() == frame


@pytest.mark.usefixtures("stand_in")
def test_the_licence_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "feature_extraction"):
        for _ in range(3):
            MadmombeatsFeatures(20).encode(silence(20))
    assert len(caplog.messages) == 1
    assert "CC BY-NC-SA" in caplog.text


@pytest.mark.usefixtures("stand_in")
def test_importing_leaves_the_lookup_of_metadata_as_it_was() -> None:
    before = importlib.metadata.distribution
    MadmombeatsFeatures(20).encode(silence(20))
    assert importlib.metadata.distribution is before
    with pytest.raises(importlib.metadata.PackageNotFoundError):
        importlib.metadata.version("madmom-of-nowhere")


def test_without_madmom_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(madmombeats_features, "find_spec", lambda name: None)
    with pytest.raises(LookupError, match=r"pip install 'terpsichore\[madmom\]'"):
        MadmombeatsFeatures(20)


@pytest.mark.parametrize("fps", [1, 20, 24, 29.97, 30, 60, 100, 119.88, 240])
def test_a_frame_is_the_greatest_value_in_its_time(fps: float) -> None:
    values = np.random.default_rng(0).uniform(0, 1, (500, 2))
    frames = round(5 * fps)
    pooled = greatest(values, 100, fps, frames)
    for frame in range(frames):
        time = np.arange(500) / 100 * fps
        inside = values[(time >= frame - 0.5 - 1e-9) & (time < frame + 0.5 - 1e-9)]
        between = np.array([np.interp(frame, time, column) for column in values.T])
        np.testing.assert_allclose(pooled[frame], np.max([between, *inside], axis=0), err_msg=str(frame))


@pytest.mark.skipif(find_spec("madmom") is None, reason="madmom is not installed")
def test_beats_of_a_metronome_are_found_in_their_frames() -> None:
    rng = np.random.default_rng(0)
    decay = np.exp(-np.arange(800) / 150)
    samples = np.zeros(12 * 48000, np.float32)
    times = np.arange(0.25, 11.8, 0.5)
    for start in np.round(times * 48000).astype(int):
        samples[start : start + 800] += 0.8 * rng.uniform(-1, 1, 800) * decay
    values = MadmombeatsFeatures(20).encode(Audio(samples, 48000.0)).values
    either = values.sum(axis=1)
    assert values.shape == (240, 2)
    for frame in np.round(times * 20).astype(int)[2:]:
        assert either[frame - 2 : frame + 3].argmax() == 2
        assert either[frame] > 0.3
    for samples_there in (1, 4799, 4800, 5000):
        assert np.isfinite(MadmombeatsFeatures(20).encode(Audio(samples[:samples_there], 48000.0)).values).all()
