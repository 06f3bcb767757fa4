"""Broken BVH files are refused with file, line, column and reason."""

from pathlib import Path

import pytest

from feature_extraction.motion.bvh import read_bvh, read_bvh_header
from feature_extraction.motion.skeleton import Motion
from tests.feature_extraction.motion.synthetic import PLAIN_BVH

STILL = "HIERARCHY\nROOT Hips\n{\nOFFSET 0 0 0\n}\nMOTION\nFrames: 1\nFrame Time: 1\n"
MALFORMED = {
    "empty": ("", 1, 1, "HIERARCHY is wanted"),
    "another kind": ("RIFF" + "x" * 999, 1, 1, "found 'RIFFx"),
    "no root": (PLAIN_BVH.replace("ROOT Hips", "JOINT Hips"), 2, 1, "found 'JOINT' where ROOT is wanted"),
    "two roots": (PLAIN_BVH.replace("\nMOTION", "\nROOT Other\n{\n}\nMOTION"), 16, 1, "found 'ROOT' where MOTION"),
    "no name": (PLAIN_BVH.replace("JOINT Spine", "JOINT"), 6, 3, "a joint without a name"),
    "no brace": (PLAIN_BVH.replace("Hips\n{", "Hips\n"), 4, 3, "found 'OFFSET' where { is wanted"),
    "no offset": (PLAIN_BVH.replace("    OFFSET 0 10 0\n", ""), 8, 5, "found 'CHANNELS' where OFFSET is wanted"),
    "short offset": (PLAIN_BVH.replace("0 10 0", "0 10"), 9, 5, "found 'CHANNELS' where a finite number"),
    "comma in an offset": (PLAIN_BVH.replace("0 10 0", "0 10,5 0"), 8, 14, "found '10,5' where a finite number"),
    "nan in an offset": (PLAIN_BVH.replace("0 10 0", "0 nan 0"), 8, 14, "found 'nan'"),
    "infinity in an offset": (PLAIN_BVH.replace("0 10 0", "0 1e999 0"), 8, 14, "found '1e999'"),
    "unknown channel": (PLAIN_BVH.replace("3 Zrot", "3 Wrot"), 9, 16, "found 'Wrotation' where channel 1 of 3"),
    "too few channels": (PLAIN_BVH.replace("3 Zrot", "4 Zrot"), 10, 5, "found 'End' where channel 4 of 4"),
    "too many channels": (PLAIN_BVH.replace("3 Zrot", "2 Zrot"), 9, 36, "found 'Yrotation' where CHANNELS, JOINT"),
    "no channel count": (PLAIN_BVH.replace("3 Zrot", "Zrot"), 9, 14, "found 'Zrotation' where the number of channels"),
    "channels twice": (
        PLAIN_BVH.replace("    End Site", "    CHANNELS 0\n    End Site"),
        10,
        14,
        "'Spine' has CHANNELS twice",
    ),
    "a channel twice": (
        PLAIN_BVH.replace("3 Zrotation Xr", "3 Yrotation Xr"),
        9,
        36,
        "'Spine' has the channel Yrotation twice",
    ),
    "a name twice": (PLAIN_BVH.replace("Spine", "Hips"), 6, 3, "a second joint named 'Hips'"),
    "an open brace": (PLAIN_BVH.replace("}\nMOTION", "MOTION"), 15, 1, "found the end of the hierarchy where"),
    "a brace too many": (PLAIN_BVH.replace("\nMOTION", "\n}\nMOTION"), 16, 1, "found '}' where MOTION"),
    "cut in the hierarchy": (PLAIN_BVH[: PLAIN_BVH.index("End Site")], 10, 5, "found the end of the hierarchy"),
    "cut before the motion": (PLAIN_BVH[: PLAIN_BVH.index("MOTION")], 15, 2, "the file ends without a line MOTION"),
    "cut after MOTION": (PLAIN_BVH[: PLAIN_BVH.index("Frames")], 17, 1, "found '' where a line like 'Frames: 120'"),
    "cut before the frames": (
        PLAIN_BVH[: PLAIN_BVH.index("0 90")],
        18,
        22,
        "0 lines of motion, where Frames: 3 are announced",
    ),
    "frames without colon": (PLAIN_BVH.replace("Frames:", "Frames"), 17, 1, "found 'Frames 3'"),
    "a negative number of frames": (PLAIN_BVH.replace("Frames: 3", "Frames: -3"), 17, 1, "found 'Frames: -3'"),
    "no frames": (PLAIN_BVH.replace("Frames: 3", "Frames: 0"), 17, 9, "no frames"),
    "no frame time": (PLAIN_BVH.replace("Frame Time: 0.0333333\n", ""), 18, 1, "found '0 90 0 10"),
    "comma in the frame time": (PLAIN_BVH.replace("0.0333333", "0,0333333"), 18, 1, "found 'Frame Time: 0,0333333'"),
    "frame time zero": (PLAIN_BVH.replace("0.0333333", "0.000"), 18, 13, "the frame time is 0 s"),
    "frame time minus": (PLAIN_BVH.replace("0.0333333", "-0.0333"), 18, 13, "the frame time is -0.0333 s"),
    "a frame too few": (PLAIN_BVH.replace("Frames: 3", "Frames: 4"), 21, 25, "3 lines of motion, where Frames: 4"),
    "a frame too many": (PLAIN_BVH.replace("Frames: 3", "Frames: 2"), 21, 25, "3 lines of motion, where Frames: 2"),
    "cut in a line": (PLAIN_BVH[:-6], 21, 1, "7 numbers in frame 2, where the CHANNELS ask for 9"),
    "a number moved up": (PLAIN_BVH.replace("60\n1", "60 1\n"), 19, 1, "10 numbers in frame 0"),
    "comma decimals": (
        PLAIN_BVH.replace("91", "91,5"),
        20,
        3,
        "'91,5' is not a finite number; decimals are written with a point",
    ),
    "nan": (PLAIN_BVH.replace("91", "nan"), 20, 3, "'nan' is not a finite number"),
    "infinity": (PLAIN_BVH.replace("91", "-inf"), 20, 3, "'-inf' is not"),
    "too large": (PLAIN_BVH.replace("91", "1e999"), 20, 3, "'1e999' is not"),
    "a word": (PLAIN_BVH.replace("91", "MOTION"), 20, 3, "'MOTION' is not"),
    "nothing moves": (STILL, 6, 1, "no joint has channels"),
}


def read_text(tmp_path: Path, text: str | bytes) -> Motion:
    path = tmp_path / "take.bvh"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_bvh(path)


@pytest.mark.parametrize("fault", MALFORMED)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_faults_are_refused_with_file_line_and_column(fault: str, newline: str, tmp_path: Path) -> None:
    text, line, column, reason = MALFORMED[fault]
    with pytest.raises(ValueError, match="take") as caught:
        read_text(tmp_path, text.replace("\n", newline))
    place, _, message = str(caught.value).partition(": ")
    assert reason in message
    assert place == f"{tmp_path / 'take.bvh'}:{line}:{column}"
    assert "\n" not in str(caught.value)
    assert len(message) < 200


@pytest.mark.parametrize(
    ("name", "place", "reason"),
    [
        ("channel-count-mismatch", "10:1", "1 numbers in frame 0, where the CHANNELS ask for 2"),
        ("malformed-motion-header", "8:1", "found 'Frames 1' where a line like 'Frames: 120' is wanted"),
        ("truncated-hierarchy", "5:1", "found the end of the hierarchy where a finite number"),
    ],
)
def test_malformed_files_of_others_are_refused(name: str, place: str, reason: str, shared_data: Path) -> None:
    with pytest.raises(ValueError, match=f"{name}.bvh:{place}: {reason}"):
        read_bvh(shared_data / "bvh" / "malformed" / f"{name}.bvh")


def test_motion_in_a_name_is_no_fault(shared_data: Path) -> None:
    motion = read_bvh(shared_data / "bvh" / "malformed" / "motion-in-joint-name.bvh")
    assert (motion.skeleton.names, motion.frames, motion.fps) == (("MOTION_CAPTURE",), 1, 30)


def test_headers_are_checked_too(tmp_path: Path) -> None:
    (tmp_path / "take.bvh").write_text(PLAIN_BVH.replace("Frames:", "Frames"))
    with pytest.raises(ValueError, match=r"take\.bvh:17:1: found 'Frames 3'"):
        read_bvh_header(tmp_path / "take.bvh")


def test_a_missing_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_bvh(tmp_path / "none.bvh")


def test_no_cut_of_a_file_is_read_as_another_motion(tmp_path: Path) -> None:
    """Whatever the byte a file is cut at, it is refused; only the last number's last digits can go unseen."""
    text = PLAIN_BVH.rstrip()
    for length in range(len(text) - 1):
        with pytest.raises(ValueError, match=r"take\.bvh:\d+:\d+: "):
            read_text(tmp_path, text[:length])
