"""A recording is linked where it can be; what is converted keeps its time, its sound and its upright stand."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from data.conversion import Conversion, standing_body, turned_upright
from feature_extraction.motion import edit, rotation
from feature_extraction.motion.skeleton import joint_positions
from tests.data.miniatures import moving, renamed, write_motion, write_sound
from tests.feature_extraction.small_corpus import clicking


def write_film(path: Path, samples: np.ndarray | None = None, rate: int = 48000) -> None:
    """Write a film of a grey picture with this sound (samples,), or without any."""
    with av.open(str(path), "w") as film:
        sound = film.add_stream("aac", rate=rate, layout="mono") if samples is not None else None
        picture = film.add_stream("mpeg4", rate=10)
        picture.width = picture.height = 16
        picture.pix_fmt = "yuv420p"
        for _ in range(10):
            film.mux(picture.encode(av.VideoFrame.from_ndarray(np.full((16, 16, 3), 128, np.uint8))))
        if sound is not None and samples is not None:
            frame = av.AudioFrame.from_ndarray(samples[None].astype(np.float32), "fltp", "mono")
            frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
            film.mux(sound.encode(frame))
            film.mux(sound.encode(None))
        film.mux(picture.encode(None))


def test_the_canonical_body_stands_on_the_floor_and_faces_z() -> None:
    body = standing_body()
    places = dict(zip(body.skeleton.names, joint_positions(body)[0], strict=True))
    assert joint_positions(body, end_sites=True)[..., 1].min() == pytest.approx(0.0, abs=1e-9)
    assert 120 < places["Head"][1] < 200  # cm
    assert places["LeftHand"][0] > 50 > -50 > places["RightHand"][0]
    assert places["LeftToeBase"][2] > places["LeftFoot"][2]


def test_the_sound_of_a_film_is_that_which_was_put_in(tmp_path: Path) -> None:
    wanted = clicking(0, 1.5, 48000).astype(np.float32) / 2
    write_film(tmp_path / "film.mp4", wanted, 48000)
    files = {"audio": tmp_path / "film.mp4"}
    made = tmp_path / "made"
    made.mkdir()
    assert Conversion().place("dance", files, made) is None
    samples, rate = soundfile.read(made / "dance.flac")
    assert rate == 48000
    at_half_a_second, around = rate // 2, 2000
    found = np.abs(samples[at_half_a_second - around : at_half_a_second + around]).argmax() - around
    assert abs(found) < 0.002 * rate
    assert abs(len(samples) - len(wanted)) < 0.05 * rate


def test_a_film_without_sound_is_told(tmp_path: Path) -> None:
    write_film(tmp_path / "film.mp4")
    told = Conversion().place("dance", {"audio": tmp_path / "film.mp4"}, tmp_path)
    assert told == f"{tmp_path / 'film.mp4'} is a film without sound"
    assert not (tmp_path / "dance.flac").exists()


def test_what_is_no_film_is_told(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"no film")
    assert "is no readable film" in str(Conversion().place("dance", {"audio": tmp_path / "film.mp4"}, tmp_path))


@pytest.mark.parametrize("up", ["y", "-y", "z", "-z", "x", "-x"])
def test_whatever_is_up_becomes_y(up: str) -> None:
    motion = moving(1, 20.0)
    lying = edit.turn(motion, rotation.inv(edit.UPRIGHT[up]))
    np.testing.assert_allclose(joint_positions(turned_upright(lying)), joint_positions(motion), atol=1e-9)


def test_a_motion_without_known_feet_is_left(tmp_path: Path) -> None:
    motion = renamed(moving(1, 20.0, 0.2), {name: f"bone{j}" for j, name in enumerate(standing_body().skeleton.names)})
    assert turned_upright(motion) is motion


def test_sound_that_breaks_off_is_told(tmp_path: Path) -> None:
    write_motion(tmp_path / "a.bvh", moving(0, 20.0, 1.0))
    write_sound(tmp_path / "a.flac", 0, 6.0)
    whole = (tmp_path / "a.flac").read_bytes()
    (tmp_path / "a.flac").write_bytes(whole[: len(whole) // 2])
    made = tmp_path / "made"
    made.mkdir()
    files = {"motion": tmp_path / "a.bvh", "audio": tmp_path / "a.flac"}
    told = replace(Conversion(), cuts_sound=True).place("a", files, made)
    assert str(told).startswith(f"{tmp_path / 'a.flac'} cannot be decoded, somewhere after ")
    assert not (made / "a.flac").exists()


def test_sound_that_ends_with_the_motion_is_linked(tmp_path: Path) -> None:
    write_motion(tmp_path / "raw" / "a.bvh", moving(0, 20.0, 1.0))
    made = tmp_path / "made"
    made.mkdir()
    for name, seconds in (("short", 1.5), ("long", 2.5)):
        write_sound(tmp_path / "raw" / f"{name}.wav", 0, seconds)
        files = {"motion": tmp_path / "raw" / "a.bvh", "audio": tmp_path / "raw" / f"{name}.wav"}
        assert replace(Conversion(), cuts_sound=True).place(name, files, made) is None
    assert (made / "short.wav").is_symlink()
    assert (made / "short.bvh").is_symlink()
    assert soundfile.info(made / "long.flac").duration == pytest.approx(1.0, abs=1e-3)
