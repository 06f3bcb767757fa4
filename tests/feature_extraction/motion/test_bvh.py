"""BVH files of every dialect are read, and all say what they mean."""

from pathlib import Path

import numpy as np
import pytest

from feature_extraction.motion import rotation
from feature_extraction.motion.bvh import read_bvh, read_bvh_header, write_bvh
from feature_extraction.motion.skeleton import Motion, fk, local_positions
from tests.feature_extraction.motion.synthetic import PLAIN_BVH, recordings


def read_text(tmp_path: Path, text: str | bytes) -> Motion:
    path = tmp_path / "take.bvh"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_bvh(path)


def test_the_parts_of_a_plain_file(tmp_path: Path) -> None:
    motion = read_text(tmp_path, PLAIN_BVH)
    skeleton = motion.skeleton
    assert (skeleton.names, skeleton.parents, skeleton.orders) == (("Hips", "Spine"), (-1, 0), ("ZXY", "ZXY"))
    assert skeleton.end_sites == ((1, (0.0, 5.0, 0.0)),)
    np.testing.assert_array_equal(skeleton.offsets, [[0, 0, 0], [0, 10, 0]])
    assert (motion.frames, motion.fps) == (3, 30.0)
    np.testing.assert_array_equal(motion.positions[:, 0], [[0, 90, 0], [1, 91, 1], [2, 92, 2]])
    expected = rotation.from_euler(np.radians([[10, 20, 30], [40, 50, 60]]), "ZXY")
    np.testing.assert_allclose(motion.rotations[0], expected, atol=1e-15)


@pytest.mark.parametrize(
    "dialect",
    [
        PLAIN_BVH.replace("\n", "\r\n"),
        PLAIN_BVH.replace("\n", "\r"),
        "\ufeff" + PLAIN_BVH,
        PLAIN_BVH.rstrip(),
        PLAIN_BVH.replace("\n", "  \t\n"),
        PLAIN_BVH.replace("\n", "\n\n"),
        PLAIN_BVH + "\n \n\t\n\x1a",
        PLAIN_BVH.replace(" 10 ", "\t1.0e1  ").replace(" 20 ", " +20.000 ").replace(" 30 ", " 30. "),
        PLAIN_BVH.replace("End Site", "End site"),
        PLAIN_BVH.replace("{", " {").replace("\n  {", " {").replace("Hips\n", "Hips "),
        PLAIN_BVH.replace("HIERARCHY", "hierarchy").replace("MOTION", "Motion").replace("Frames", "FRAMES"),
        PLAIN_BVH.replace("Xrotation", "XROTATION").replace("Yposition", "yposition"),
        PLAIN_BVH.replace("Frames: 3", "Frames:\t3 ").replace("Frame Time: 0.0", "Frame Time:\t."+"0"),
        PLAIN_BVH.replace(" ", "\t"),
    ],
    ids=["crlf", "cr", "bom", "no last newline", "trailing blanks", "blank lines", "blank end", "numbers", "End site",
         "braces", "keyword case", "channel case", "tabs in the motion's head", "tabs"],
)  # fmt: skip
def test_dialects_say_the_same(dialect: str, tmp_path: Path) -> None:
    plain = read_text(tmp_path, PLAIN_BVH)
    motion = read_text(tmp_path, dialect.replace("End\tSite", "End Site").replace("Frame\tTime", "Frame Time"))
    np.testing.assert_array_equal(motion.rotations, plain.rotations)
    np.testing.assert_array_equal(motion.positions, plain.positions)
    assert motion.skeleton.to_dict() == plain.skeleton.to_dict()
    assert motion.fps == 30.0


@pytest.mark.parametrize(
    "name",
    [
        "mixamorig:Hips",
        "Bip01 L Thigh",
        "upper-arm.L",
        "Тело",
        "MOTION_CAPTURE",
        "End",
        "JOINT",
        "MOTION",
        "Site 1",
    ],
)
def test_names_may_be_anything_to_the_end_of_their_line(name: str, tmp_path: Path) -> None:
    assert read_text(tmp_path, PLAIN_BVH.replace("JOINT Spine", f"JOINT {name}")).skeleton.names == ("Hips", name)
    assert read_text(tmp_path, PLAIN_BVH.replace("ROOT Hips", f"ROOT {name}")).skeleton.names == (name, "Spine")


def test_names_in_another_encoding_are_read(tmp_path: Path) -> None:
    assert read_text(tmp_path, PLAIN_BVH.replace("Spine", "Rücken").encode("latin-1")).skeleton.names[1] == "Rücken"


def test_rotation_channels_before_positions(tmp_path: Path) -> None:
    text = PLAIN_BVH.replace(
        "Xposition Yposition Zposition Zrotation Xrotation Yrotation",
        "Zrotation Xrotation Yrotation Zposition Yposition Xposition",
    )
    motion = read_text(tmp_path, text)
    np.testing.assert_array_equal(motion.positions[0, 0], [30, 20, 10])
    np.testing.assert_allclose(motion.rotations[0, 0], rotation.from_euler(np.radians([0, 90, 0]), "ZXY"))


@pytest.mark.parametrize(("channels", "order"), [("0", ""), ("1 Yrotation", "Y"), ("2 Xrotation Zrotation", "XZ")])
def test_joints_with_few_channels(channels: str, order: str, tmp_path: Path) -> None:
    lines = [" ".join(line.split()[: 6 + len(order)]) for line in PLAIN_BVH.splitlines()[17:]]
    head = PLAIN_BVH.replace("CHANNELS 3 Zrotation Xrotation Yrotation", f"CHANNELS {channels}").splitlines()[:17]
    motion = read_text(tmp_path, "\n".join([*head, *lines]))
    assert motion.skeleton.orders[1] == order
    expected = rotation.from_euler(np.radians([40.0, 50.0][: len(order)]), order)
    np.testing.assert_allclose(motion.rotations[0, 1], expected, atol=1e-15)


def test_a_joint_without_channels_line_or_end_site(tmp_path: Path) -> None:
    text = (
        PLAIN_BVH[: PLAIN_BVH.index("    End Site")]
        + "    JOINT Tip { OFFSET 1 0 0 }\n  }\n}\n"
        + PLAIN_BVH[PLAIN_BVH.index("MOTION") :]
    )
    motion = read_text(tmp_path, text)
    assert motion.skeleton.names == ("Hips", "Spine", "Tip")
    assert motion.skeleton.end_sites == ()


def test_several_end_sites_of_one_joint(tmp_path: Path) -> None:
    text = PLAIN_BVH.replace("End Site", "End Site { OFFSET 7 8 9 } End Site")
    assert read_text(tmp_path, text).skeleton.end_sites == ((1, (7.0, 8.0, 9.0)), (1, (0.0, 5.0, 0.0)))


def test_a_position_channel_replaces_the_offset_and_the_other_axes_keep_it(tmp_path: Path) -> None:
    text = PLAIN_BVH.replace("CHANNELS 3 Zrotation Xrotation Yrotation", "CHANNELS 3 Yposition Xrotation Zrotation")
    motion = read_text(tmp_path, text)
    assert motion.skeleton.moving == (0, 1)
    np.testing.assert_array_equal(motion.positions[:, 1], [[0, 40, 0], [0, 41, 0], [0, 42, 0]])
    np.testing.assert_array_equal(motion.skeleton.offsets[1], [0, 10, 0])


def test_a_position_that_stays_becomes_the_offset(tmp_path: Path) -> None:
    text = PLAIN_BVH.replace("CHANNELS 3 Zrotation Xrotation Yrotation", "CHANNELS 3 Xposition Yposition Zposition")
    text = text.replace("40 50 60", "40 50 60.0001").replace("41 51 61", "40 50 60").replace("42 52 62", "40 50 60")
    motion = read_text(tmp_path, text)
    assert motion.skeleton.moving == (0,)
    np.testing.assert_allclose(motion.skeleton.offsets[1], [40, 50, 60.00005])


def test_a_root_without_position_stays_at_its_offset(tmp_path: Path) -> None:
    text = PLAIN_BVH.replace("CHANNELS 6 Xposition Yposition Zposition", "CHANNELS 3")
    text = text.replace("\n0 90 0 ", "\n").replace("\n1 91 1 ", "\n").replace("\n2 92 2 ", "\n")
    np.testing.assert_array_equal(read_text(tmp_path, text).positions, np.tile([1.0, 2.0, 3.0], (3, 1, 1)))


@pytest.mark.parametrize(
    ("frame_time", "fps"),
    [("0.0083333", 120), ("0.008333", 120), (".0083333", 120), ("0.00833333", 120), ("8.33333E-3", 120), ("0.01", 100),
     ("0.010000", 100), ("0.033", 30), ("0.0333333", 30), ("0.033333", 30), ("0.041667", 24), ("0.0416666", 24),
     ("0.04", 25),
     ("0.016667", 60), ("0.0166666", 60), ("0.016666666666666666", 60), ("0.05", 20), ("0.033367", 30000 / 1001),
     ("0.0417083", 24000 / 1001), ("0.016683", 60000 / 1001), ("0.008342", 120000 / 1001), ("0.0084", 119),
     ("0.00845", 1 / 0.00845), ("0.0333", 30), ("0.0371234", 1 / 0.0371234), ("2", 0.5), ("1", 1), ("0.4", 2.5)],
)  # fmt: skip
def test_a_printed_frame_time_stands_for_its_rate(frame_time: str, fps: float, tmp_path: Path) -> None:
    motion = read_text(tmp_path, PLAIN_BVH.replace("0.0333333", frame_time))
    assert motion.fps == pytest.approx(fps, rel=1e-14)


def test_the_header_alone_says_the_same(shared_data: Path) -> None:
    for path in recordings(shared_data):
        header, motion = read_bvh_header(path), read_bvh(path)
        assert (header.frames, header.fps) == (motion.frames, motion.fps)
        assert tuple(joint.name for joint in header.joints) == motion.skeleton.names


def test_the_header_needs_no_motion_and_any_length_of_hierarchy(tmp_path: Path) -> None:
    many = "".join(f"  JOINT Joint{i}\n  {{\n    OFFSET 0 1 0\n    CHANNELS 1 Xrotation\n  }}\n" for i in range(1500))
    (tmp_path / "head.bvh").write_text(PLAIN_BVH.replace("  JOINT Spine", many + "  JOINT Spine").split("0 90")[0])
    header = read_bvh_header(tmp_path / "head.bvh")
    assert (len(header.joints), header.channels, header.frames, header.fps) == (1502, 1509, 3, 30)


def test_chains_deeper_than_the_stack_are_read_and_written(tmp_path: Path) -> None:
    depth = 1200
    opening = "".join(f"JOINT Link{i} {{ OFFSET 0 1 0 CHANNELS 0\n" for i in range(depth))
    motion = read_text(tmp_path, PLAIN_BVH.replace("  JOINT Spine", opening + "}" * depth + "\n  JOINT Spine"))
    write_bvh(tmp_path / "again.bvh", motion)
    assert read_bvh(tmp_path / "again.bvh").skeleton.parents == motion.skeleton.parents


def test_two_conversions_of_one_take_agree_on_the_bones_directions(shared_data: Path) -> None:
    """CMU 05_20 twice, with bones that differ by up to 20 degrees at rest, so turned since the T pose of frame 0.

    They do not in every frame: 1 to 3, and a glitch of the left leg at 677, are smoothed in one of them only.
    """
    parts = {"Arm": "Shldr", "ForeArm": "ForeArm", "UpLeg": "Thigh", "Leg": "Shin"}
    bones = {side + part: side[0].lower() + other for part, other in parts.items() for side in ("Left", "Right")}
    turned = []
    for name, joints in (("cmu_05_20_mb_dance", bones), ("cmu_05_20_daz_dance", bones.values())):
        motion = read_bvh(shared_data / "bvh" / f"{name}.bvh")
        world, _ = fk(motion.rotations, local_positions(motion), motion.skeleton.parents)
        turned.append(
            rotation.mul(world, rotation.inv(world[:1]))[:, [motion.skeleton.index(joint) for joint in joints]]
        )
    at_rest = np.array([[1.0, 0.0, 0.0] if "Arm" in bone else [0.0, -1.0, 0.0] for bone in bones])
    cosine = np.sum(rotation.mul_vec(turned[0], at_rest) * rotation.mul_vec(turned[1], at_rest), axis=-1)
    angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    assert np.median(angle, axis=0).max() < 2
    assert np.percentile(angle, 95, axis=0).max() < 5
