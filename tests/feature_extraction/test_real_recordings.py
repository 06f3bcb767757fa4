"""Every representation on every real recording: motion comes back, sound gives numbers whatever the file's format."""

from dataclasses import replace
from importlib.util import find_spec
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import registry
from feature_extraction.align import raw_frames, read_raw
from feature_extraction.audio import Audio
from feature_extraction.feature import find_extractor
from feature_extraction.motion.bvh import read_bvh
from tests.feature_extraction.motion.synthetic import recordings
from tests.feature_extraction.round_trip import assert_given_back

OF_MOTION = [name for name in registry.names("features") if find_extractor(name).reversible]
OF_SOUND = [name for name in registry.names("features") if find_extractor(name).source == "audio"]
RATES_IN = (20, 24, 30, 60, 100, 119.88, 120)
RATES_OUT = (20, 30)
EVERY = 5
FPS = 20
LOSSLESS, LOSSY, POOR = 0.01, 0.12, np.inf
ALLOWED = {
    "metal_16k_mono_float.wav": LOSSLESS,
    "metal_22k_mono.flac": LOSSLESS,
    "metal_44k_st_pcm16.wav": LOSSLESS,
    "metal_48k_mono_pcm24.wav": LOSSLESS,
    "metal_44k_st.mp3": LOSSY,
    "metal_44k_st.ogg": LOSSY,
    "metal_8k_mono_u8.wav": POOR,
}
"""What features of one recording in other formats are allowed to be off, on average, in units of their deviation."""


@pytest.mark.parametrize("fps", [FPS, pytest.param(30, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", OF_MOTION)
def test_every_recording_is_given_back(name: str, fps: float, shared_data: Path) -> None:
    for path in recordings(shared_data):
        assert_given_back(name, read_bvh(path), fps, path.name)


@pytest.mark.parametrize("name", OF_MOTION)
def test_single_frames_of_every_recording_are_given_back(name: str, shared_data: Path) -> None:
    for path in recordings(shared_data):
        motion = read_bvh(path)
        assert_given_back(name, motion.cut(motion.frames // 2, motion.frames // 2 + 1), FPS, path.name)


@pytest.mark.parametrize("name", OF_MOTION)
def test_recordings_at_any_rate_are_given_back_at_any(name: str, shared_data: Path) -> None:
    """Each recording is tried at some of the pairs of rates, so that all of them have their turn."""
    pairs = list(product(RATES_IN, RATES_OUT))
    for number, path in enumerate(recordings(shared_data)):
        piece = read_bvh(path).cut(0, 50)
        for rate_in, rate_out in pairs[number % EVERY :: EVERY]:
            assert_given_back(name, replace(piece, fps=rate_in), rate_out, path.name)


@pytest.mark.parametrize("name", OF_SOUND)
def test_the_format_of_the_sound_does_not_matter(name: str, shared_data: Path) -> None:
    """One recording in all formats; at 8 kHz with 8 bits, half of its bands are not there."""
    needed = find_extractor(name).requires
    if needed and not find_spec(needed):
        pytest.skip(f"{needed} is not installed")
    features = find_extractor(name)(FPS)
    values = {}
    for path in sorted((shared_data / "audio_formats").iterdir()):
        raw = read_raw(path, "audio", FPS)
        assert isinstance(raw, Audio)
        values[path.name] = features.encode(raw).values
        assert len(values[path.name]) == raw_frames(path, "audio", FPS)
        assert np.isfinite(values[path.name]).all()
        assert values[path.name].dtype == np.float32
    frames = min(map(len, values.values()))
    best = values["metal_44k_st_pcm16.wav"][:frames]
    off = {kind: np.abs(each[:frames] - best).mean() / best.std() for kind, each in values.items()}
    assert best.std() > 0
    assert {kind: part for kind, part in off.items() if part > ALLOWED[kind]} == {}
