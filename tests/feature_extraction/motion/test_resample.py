"""Frame rates change by any ratio, without losing the last frame, and exact frames stay exact."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation, Slerp

from feature_extraction.motion.resample import resample, resampled_frames
from feature_extraction.motion.skeleton import Motion
from tests.feature_extraction.motion.synthetic import human, wander

NTSC = 1000 / 1001


def motion(frames: int, fps: float) -> Motion:
    rng = np.random.default_rng(3)
    return wander(rng, human(rng, moving=("LeftLeg",)), frames, fps)


@pytest.mark.parametrize(
    ("frames", "fps_in", "fps_out", "expected"),
    [
        (61, 60, 20, 21), (60, 60, 20, 20), (40, 20, 20, 40), (59, 30, 20, 39), (25, 24, 20, 21), (1, 120, 20, 1),
        (2, 20, 60, 4), (7, 0.5, 20, 241), (1001, 24 * NTSC, 20, 835), (432001, 120 * NTSC, 60 * NTSC, 216001),
    ],
)  # fmt: skip
def test_the_last_frame_is_kept(frames: int, fps_in: float, fps_out: float, expected: int) -> None:
    assert resampled_frames(frames, fps_in, fps_out) == expected


def test_a_divided_rate_takes_every_nth_frame_exactly() -> None:
    source = motion(61, 120.0)
    result = resample(source, 20.0)
    assert result.fps == 20.0
    np.testing.assert_array_equal(result.rotations, source.rotations[::6])
    np.testing.assert_array_equal(result.positions, source.positions[::6])


def test_an_equal_rate_changes_nothing() -> None:
    source = motion(7, 30.0)
    assert resample(source, 30.0) is source


@pytest.mark.parametrize("fps", [20.0, 24.0, 25 * NTSC, 50.0, 60.0, 100.0])
def test_any_ratio_is_slerp_on_rotations_and_linear_on_positions(fps: float) -> None:
    source = motion(40, 30.0)
    result = resample(source, fps)
    times, at = np.arange(40) / 30, np.arange(result.frames) / fps
    assert result.frames == int(np.floor(39 / 30 * fps + 1e-6)) + 1
    assert at[-1] <= times[-1] + 1e-7
    assert at[-1] + 1 / fps > times[-1] + 1e-7
    for j in range(len(source.skeleton.names)):
        expected = Slerp(times, Rotation.from_quat(source.rotations[:, j], scalar_first=True))(
            np.minimum(at, times[-1])
        )
        error = expected.inv() * Rotation.from_quat(result.rotations[:, j], scalar_first=True)
        assert error.magnitude().max() < 1e-7
    for place in range(2):
        for axis in range(3):
            line = np.interp(at, times, source.positions[:, place, axis])
            np.testing.assert_allclose(result.positions[:, place, axis], line, atol=1e-9)


def test_up_and_down_again_is_the_identity() -> None:
    source = motion(33, 24.0)
    back = resample(resample(source, 120.0), 24.0)
    np.testing.assert_allclose(back.rotations, source.rotations, atol=1e-14)
    np.testing.assert_allclose(back.positions, source.positions, atol=1e-12)


def test_nothing_is_written_to_the_source() -> None:
    source = motion(20, 25.0)
    rotations, positions = source.rotations.copy(), source.positions.copy()
    resample(source, 60.0).rotations[:] = 0
    np.testing.assert_array_equal(source.rotations, rotations)
    np.testing.assert_array_equal(source.positions, positions)


@pytest.mark.parametrize("fps", [0, -20, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused(fps: float) -> None:
    with pytest.raises(ValueError, match="frame rates must be positive"):
        resampled_frames(10, 60, fps)
