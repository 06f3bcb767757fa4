"""Motion and sound share one frame grid, known from headers alone."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from feature_extraction import align
from feature_extraction.audio import Audio, read_audio, working_rate
from feature_extraction.motion.bvh import write_bvh
from feature_extraction.motion.resample import resample
from tests.feature_extraction.small_corpus import SAMPLE_RATE, clicking, swaying

RATES = (24.0, 30.0, 60.0, 100.0, 119.88011988011988, 120.0)


@pytest.mark.parametrize("fps", [20, 25, 29.97, 30])
@pytest.mark.parametrize("rate", RATES)
def test_header_counts_are_what_reading_gives(tmp_path: Path, rate: float, fps: float) -> None:
    motion, sound = tmp_path / "a.bvh", tmp_path / "a.flac"
    write_bvh(motion, swaying(0, 1.7, rate))
    soundfile.write(sound, clicking(0, 1.7, 16000), 16000)
    assert align.raw_frames(motion, "motion", fps) == len(align.read_raw(motion, "motion", fps).rotations)
    counted = align.raw_frames(sound, "audio", fps)
    assert counted == align.natural_frames(read_audio(sound), fps) == int(np.ceil(1.7 * fps - 1e-6))


@pytest.mark.parametrize(("motion_s", "sound_s", "frames"), [(2.0, 3.0, 40), (3.0, 2.01, 41), (2.0, 2.0, 40)])
def test_a_pair_takes_the_smaller_count(tmp_path: Path, motion_s: float, sound_s: float, frames: int) -> None:
    raw = {"motion": tmp_path / "a.bvh", "audio": tmp_path / "a.wav"}
    write_bvh(raw["motion"], swaying(0, motion_s))
    soundfile.write(raw["audio"], clicking(0, sound_s), SAMPLE_RATE)
    assert align.pair_frames(raw, "motion", 20) == align.pair_frames(raw, "audio", 20) == frames


def test_an_unreadable_partner_has_no_say(tmp_path: Path) -> None:
    raw = {"motion": tmp_path / "a.bvh", "audio": tmp_path / "a.wav"}
    write_bvh(raw["motion"], swaying(0, 2.0))
    raw["audio"].write_bytes(b"rubbish")
    assert align.pair_frames(raw, "motion", 20) == 40
    with pytest.raises(ValueError, match=r"a\.wav"):
        align.pair_frames(raw, "audio", 20)


@pytest.mark.parametrize("rate", RATES)
def test_a_motion_cut_before_resampling_is_the_one_cut_after(rate: float) -> None:
    motion = swaying(0, 2.0, rate)
    whole = resample(motion, 20)
    for frames in (1, 2, 17, whole.frames):
        cut = align.to_rate(motion, 20, frames)
        np.testing.assert_array_equal(cut.rotations, whole.rotations[:frames])
        np.testing.assert_array_equal(cut.positions, whole.positions[:frames])


def test_a_motion_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="20 frames at 20 fps, 21 are wanted"):
        align.to_rate(swaying(0, 1.0), 20, 21)


def test_sound_comes_at_its_working_rate(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", clicking(0, 1.0), SAMPLE_RATE)
    sample_rate, _ = working_rate(20)
    read = align.read_raw(tmp_path / "a.wav", "audio", 20)
    assert isinstance(read, Audio)
    resampled = align.to_rate(read_audio(tmp_path / "a.wav"), 20)
    np.testing.assert_array_equal(resampled.samples, read.samples)
    assert read.sample_rate == resampled.sample_rate == sample_rate
    assert align.to_rate(read, 20) is read


def test_trimming_gives_new_arrays_of_one_length() -> None:
    arrays = [np.zeros((5, 2)), np.ones((3, 4))]
    assert [values.shape for values in align.trim(arrays)] == [(3, 2), (3, 4)]
    assert [values.shape for values in arrays] == [(5, 2), (3, 4)]
