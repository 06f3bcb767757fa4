"""Whatever bytes a BVH file holds, it is read as a motion or refused with its place; no crash, no hang, no warning."""

import re
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from feature_extraction.motion.bvh import read_bvh, read_bvh_header, write_bvh
from feature_extraction.motion.skeleton import Motion, joint_positions
from tests.feature_extraction.motion.synthetic import PLAIN_BVH, any_motion

Read = TypeVar("Read")

fuzz = settings(
    max_examples=300,
    deadline=timedelta(seconds=5),
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

MANY_JOINTS = """HIERARCHY
ROOT mixamorig:Hips
{
\tOFFSET 0.0 -1e-3 +5.
\tCHANNELS 3 Yrotation Xrotation Zrotation
\tJOINT Arm L
\t{
\t\tOFFSET 1 2 3
\t\tCHANNELS 1 Xposition
\t\tEnd Site { OFFSET 1 1 1 }
\t\tJOINT Hand { OFFSET 4 5 6 CHANNELS 0 }
\t}
\tJOINT Leg { OFFSET 0 -9 0 CHANNELS 6 Zrotation Yposition Xrotation Xposition Yrotation Zposition }
}
MOTION
Frames:\t2
Frame Time:\t.0416667
1.0e1 -2 3 .5 90 1 -180 2 360 3
1.0e1 -2 3 .75 90 -1 -180 -2 360 -3
"""
TEXTS = (PLAIN_BVH, MANY_JOINTS, PLAIN_BVH.replace("\n", "\r\n"))
KEYWORDS = (
    *("HIERARCHY", "ROOT", "JOINT", "End Site", "End", "{", "}", "OFFSET", "CHANNELS", "MOTION", "Frames:"),
    *("Frame Time:", "Frame", "Xposition", "Zrotation", "Wrotation", "Hips", "\0", "\ufeff", "\u2028", "é", "#", "//"),
)
NUMBERS = (
    *("0", "-0", "1", "2", "3", "-3", "6", "9", "1e5", "0.5", "1,5", "nan", "-inf", "1e999", "1e-999", "1e308", "e"),
    *("-1.7e308", "1e200", "-9e29", "9e37", "4e-324", "1e-30", "1_000", "0x10", "٣", "½", "-", ".", "9" * 30),
    *("9" * 5000, "0." + "3" * 400),
)
BLANKS = (" ", "\t", "\n", "\n\n", "\r", "\r\n", "\x1a", "\x0b", "\x85", "\xa0", "")
WORDS = (*KEYWORDS, *NUMBERS, *BLANKS)
NUMBER = re.compile(r"[-+.\d]")
PLACE = re.compile(r"take\.bvh:(\d+):(\d+): \S")


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A BVH text in which some words, blanks and bytes are lost, doubled, exchanged or others."""
    words = re.findall(r"\s+|\S+", draw(st.sampled_from(TEXTS)))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(words) - 1))
        of_its_kind = BLANKS if words[place].isspace() else NUMBERS if NUMBER.match(words[place]) else KEYWORDS
        others = (of_its_kind, of_its_kind, WORDS, words, [words[place] * 2, "", words[place][:-1]])
        words[place] = draw(st.sampled_from(draw(st.sampled_from(others))))
    text = "".join(words).encode()
    if draw(st.integers(0, 3)) == 0:
        start = draw(st.integers(0, len(text)))
        stop = draw(st.one_of(st.just(start), st.integers(start, min(start + 40, len(text))), st.just(len(text))))
        text = text[:start] + draw(st.one_of(st.just(b""), st.binary(max_size=4))) + text[stop:]
    return text


def assert_read_or_refused(folder: Path, text: bytes) -> None:
    """What is read can be written and read again; what is not is refused in a line with file, line and column."""
    path = folder / "take.bvh"
    path.write_bytes(text)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        header, motion = read_or_refused(read_bvh_header, path), read_or_refused(read_bvh, path)
        if motion is None:
            return
        assert_whole(motion)
        assert header is not None, "a file is read whose header is refused"
        assert (header.frames, header.fps) == (motion.frames, motion.fps)
        write_bvh(folder / "again.bvh", motion)
        assert_same_places(motion, read_bvh(folder / "again.bvh"))


def read_or_refused(read: Callable[[Path], Read], path: Path) -> Read | None:
    try:
        return read(path)
    except ValueError as error:
        assert_says_where(str(error), path.read_bytes())
        return None


def assert_same_places(motion: Motion, again: Motion) -> None:
    assert again.fps == pytest.approx(motion.fps, rel=1e-12)
    at = [again.skeleton.index(name) for name in motion.skeleton.names]
    difference = joint_positions(again)[:, at] - joint_positions(motion)
    reach = max(motion.skeleton.height, float(np.abs(motion.positions).max()))
    assert np.abs(difference).max() <= 1e-5 * reach


def assert_says_where(message: str, text: bytes) -> None:
    found = PLACE.search(message)
    assert found, message
    lines = re.split(rb"\n" if b"\n" in text else rb"\r", text)
    line, column = int(found[1]), int(found[2])
    assert 1 <= line <= len(lines)
    assert 1 <= column <= len(lines[line - 1]) + 2
    assert message.isprintable()
    assert len(message.partition(": ")[2]) < 300


def assert_whole(motion: Motion) -> None:
    assert np.isfinite(motion.rotations).all()
    assert np.isfinite(motion.positions).all()
    assert np.isfinite(motion.skeleton.offsets).all()
    assert 0 < motion.skeleton.height < np.inf
    assert 0 < motion.fps < np.inf
    np.testing.assert_allclose(np.linalg.norm(motion.rotations, axis=-1), 1, atol=1e-9)


@fuzz
@given(damaged())
def test_damaged_files_are_read_or_refused_with_their_place(tmp_path: Path, text: bytes) -> None:
    assert_read_or_refused(tmp_path, text)


@fuzz
@given(st.binary(max_size=200))
@example(b"")
@example(b"\xef\xbb\xbf")
@example(b"HIERARCHY\nROOT \xff\n{\nOFFSET 0 0 0\nCHANNELS 1 Xposition\n}\nMOTION\nFrames: 1\nFrame Time: 1\n1")
def test_any_bytes_are_read_or_refused_with_their_place(tmp_path: Path, text: bytes) -> None:
    assert_read_or_refused(tmp_path, text)


@fuzz
@given(st.lists(st.sampled_from(WORDS), max_size=60), st.sampled_from([" ", "\n", ""]))
def test_words_in_any_order_are_read_or_refused_with_their_place(tmp_path: Path, words: list[str], blank: str) -> None:
    assert_read_or_refused(tmp_path, ("HIERARCHY ROOT Hips { " + blank.join(words)).encode())


@pytest.mark.parametrize("number", ["1e31", "-1e31", "1.7e308"])
@pytest.mark.parametrize(("place", "line", "column"), [("10 0\n", 8, 14), ("5 0\n", 12, 16), ("91 1 11", 20, 3)])
def test_numbers_beyond_all_measure_are_refused(
    tmp_path: Path, number: str, place: str, line: int, column: int
) -> None:
    old, _, rest = place.partition(" ")
    (tmp_path / "take.bvh").write_text(PLAIN_BVH.replace(f" {old} {rest}", f" {number} {rest}"))
    with pytest.raises(ValueError, match=rf"take\.bvh:{line}:{column}: .*(at most|neither a length)"):
        read_bvh(tmp_path / "take.bvh")


@settings(fuzz, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 30]), st.sampled_from([23.976, 24, 30, 119.88, 120, 17.3]))
def test_any_motion_is_written_and_read_as_the_same(tmp_path: Path, seed: int, frames: int, fps: float) -> None:
    motion = any_motion(np.random.default_rng(seed), frames, fps)
    write_bvh(tmp_path / "take.bvh", motion)
    assert_read_or_refused(tmp_path, (tmp_path / "take.bvh").read_bytes())
    assert_same_places(motion, read_bvh(tmp_path / "take.bvh"))
