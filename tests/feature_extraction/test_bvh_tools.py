"""The commands of the BVH tools: what they write, and what they refuse in one line."""

import logging
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from feature_extraction import bvh_tools
from feature_extraction.motion.bvh import read_bvh, write_bvh
from feature_extraction.motion.skeleton import Skeleton, joint_positions
from feature_extraction.motion.smpl import MIXAMO, rest_places
from tests.conftest import PROJECT
from tests.feature_extraction.motion.synthetic import human, wander

EVERY_CHANGE = {
    "cut": ["--start", "0.5", "--stop", "1"],
    "shift": ["--by", "-1", "2", "3", "--turn", "90", "--floor", "--origin"],
    "rescale": ["--by", "0.01"],
    "resample": ["--fps", "20"],
    "mirror": [],
    "reorder": ["--euler_order", "YXZ"],
}
each_change = pytest.mark.parametrize("tool", EVERY_CHANGE)


@pytest.fixture
def dance(tmp_path: Path) -> Path:
    """A recording of two seconds."""
    rng = np.random.default_rng(0)
    path = tmp_path / "dance.bvh"
    write_bvh(path, wander(rng, human(rng), 60, 30.0))
    return path


def run(*arguments: str | Path) -> int:
    return bvh_tools.main([str(argument) for argument in arguments])


def refusal(*arguments: str | Path) -> str:
    """The one line on stderr of a command that refuses."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "feature_extraction.bvh_tools", *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


@each_change
def test_a_change_writes_a_file_and_leaves_the_recording(tool: str, dance: Path, tmp_path: Path) -> None:
    before = dance.read_bytes()
    assert run(tool, dance, tmp_path / "new" / "out.bvh", *EVERY_CHANGE[tool]) == 0
    assert read_bvh(tmp_path / "new" / "out.bvh").frames
    assert dance.read_bytes() == before
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["dance.bvh", "new", "out.bvh"]


def test_cut_and_resample_change_the_frames(dance: Path, tmp_path: Path) -> None:
    run("cut", dance, tmp_path / "cut.bvh", "--start", "0.5", "--stop", "1")
    run("resample", dance, tmp_path / "slow.bvh", "--fps", "20")
    assert read_bvh(tmp_path / "cut.bvh").frames == 15
    assert (read_bvh(tmp_path / "slow.bvh").frames, read_bvh(tmp_path / "slow.bvh").fps) == (40, 20.0)


def test_rescale_to_a_height_gives_that_height(dance: Path, tmp_path: Path) -> None:
    run("rescale", dance, tmp_path / "tall.bvh", "--height", "1.75")
    assert read_bvh(tmp_path / "tall.bvh").skeleton.height == pytest.approx(1.75, rel=1e-8)


def test_shift_stands_a_lying_recording_up(shared_data: Path, tmp_path: Path) -> None:
    run("shift", shared_data / "bvh" / "ad_dab.bvh", tmp_path / "up.bvh", "--up", "z", "--floor", "--origin")
    motion = read_bvh(tmp_path / "up.bvh")
    places = joint_positions(motion, end_sites=True)
    assert places[..., 1].min() == pytest.approx(0, abs=1e-6 * motion.skeleton.height)
    head, foot = motion.skeleton.index("Head"), motion.skeleton.index("LeftFoot")
    assert np.median(places[:, head, 1] - places[:, foot, 1]) > 0.8 * motion.skeleton.height
    assert np.abs(motion.positions[0, 0, [0, 2]]).max() < 1e-6


def test_reorder_like_another_file_takes_its_order(dance: Path, tmp_path: Path) -> None:
    motion = read_bvh(dance)
    swapped = {"Left": "Right", "Right": "Left"}
    names = tuple(re.sub("Left|Right", lambda side: swapped[side[0]], name) for name in motion.skeleton.names)
    write_bvh(tmp_path / "like.bvh", replace(motion, skeleton=replace(motion.skeleton, names=names)))
    run("reorder", dance, tmp_path / "out.bvh", "--like", tmp_path / "like.bvh")
    reordered = read_bvh(tmp_path / "out.bvh")
    assert reordered.skeleton.names == names != motion.skeleton.names
    places = joint_positions(motion)[:, [motion.skeleton.index(name) for name in names]]
    np.testing.assert_allclose(joint_positions(reordered), places, atol=1e-6 * motion.skeleton.height)


def test_retarget_puts_a_dance_on_another_skeleton(
    dance: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rng = np.random.default_rng(5)
    other = wander(rng, human(rng, spine=("Spine", "Spine1", "Chest")), 5, 60.0)
    write_bvh(tmp_path / "other.bvh", other)
    with caplog.at_level(logging.INFO):
        run("retarget", dance, tmp_path / "out.bvh", "--skeleton", tmp_path / "other.bvh")
    moved = read_bvh(tmp_path / "out.bvh")
    assert moved.skeleton.to_dict() == read_bvh(tmp_path / "other.bvh").skeleton.to_dict()
    assert (moved.frames, moved.fps) == (60, 30.0)
    assert "dance.bvh: 24 of 24 joints are driven" in caplog.text
    assert "without counterpart" not in caplog.text
    caplog.clear()
    with caplog.at_level(logging.INFO):
        run(
            "retarget",
            dance,
            tmp_path / "out.bvh",
            "--skeleton",
            tmp_path / "other.bvh",
            "--no-guess",
            "--replace_existing",
        )
    assert "dance.bvh: 23 of 24 joints are driven" in caplog.text
    assert "without counterpart in other.bvh: Chest" in caplog.text


def test_retarget_takes_a_map_and_a_frame_that_shows_the_rest(dance: Path, tmp_path: Path) -> None:
    arguments = ["retarget", dance, tmp_path / "out.bvh", "--skeleton", dance, "--no-guess"]
    assert run(*arguments, "--map", "Hips=Hips,LeftArm=LeftArm", "--rest", "3", "--skeleton_rest", "3") == 0
    moved, motion = read_bvh(tmp_path / "out.bvh"), read_bvh(dance)
    arm, leg = motion.skeleton.index("LeftArm"), motion.skeleton.index("LeftLeg")
    np.testing.assert_allclose(joint_positions(moved)[3], joint_positions(motion)[3], atol=1e-4)
    assert np.ptp(moved.rotations[:, leg], axis=0).max() < 1e-6 < np.ptp(moved.rotations[:, arm], axis=0).max()
    assert "has no frame 60; there are 60" in refusal(*arguments, "--rest", "60", "--replace_existing")
    assert "SOURCE=TARGET is wanted" in refusal(*arguments, "--map", "Hips", "--replace_existing")
    assert "no joint named 'Tail'" in refusal(*arguments, "--map", "Tail=Hips", "--replace_existing")


def test_smpl_becomes_bvh_upright(tmp_path: Path) -> None:
    up = Rotation.from_euler("X", 90, degrees=True)
    arrays = {"poses": np.zeros((3, 66)), "trans": np.tile([0.0, 0.0, 1.2], (3, 1)), "mocap_framerate": 30}
    arrays["poses"][:, :3] = up.as_rotvec()
    np.savez(tmp_path / "amass.npz", **arrays)
    assert run("smpl", tmp_path, tmp_path / "bvh", "--up", "z") == 0
    motion = read_bvh(tmp_path / "bvh" / "amass.bvh")
    expected = rest_places()[:22] + np.array([0, 1.2, 0])
    pelvis = rest_places()[0]
    expected += up.inv().apply(pelvis) - pelvis
    order = [motion.skeleton.index(name) for name in MIXAMO[:22]]
    np.testing.assert_allclose(joint_positions(motion)[2, order], expected, atol=1e-6)
    assert motion.fps == 30


def test_a_folder_becomes_a_folder(dance: Path, tmp_path: Path) -> None:
    write_bvh(tmp_path / "more.BVH", read_bvh(dance))
    assert run("mirror", tmp_path, tmp_path / "mirrored") == 0
    assert sorted(path.name for path in (tmp_path / "mirrored").iterdir()) == ["dance.bvh", "more.bvh"]


def test_a_file_written_to_a_folder_keeps_its_name(dance: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert run("mirror", dance, tmp_path / "out") == 0
    assert (tmp_path / "out" / "dance.bvh").is_file()


def test_info_says_what_is_in_a_file(dance: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("info", dance, dance, "--joints") == 0
    text = capsys.readouterr().out
    motion = read_bvh(dance)
    assert text.count("60 frames at 30 fps, 2.000 s") == 2
    assert f"{len(motion.skeleton.names)} joints, {len(motion.skeleton.end_sites)} end sites" in text
    assert all(name in text for name in motion.skeleton.names)


def test_refusals_are_one_line(dance: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.bvh"
    broken.write_text("HIERARCHY\nROOT Hips\n")
    (tmp_path / "empty").mkdir()
    assert "broken.bvh:3:1:" in refusal("mirror", broken, tmp_path / "out.bvh")
    assert "no file or folder" in refusal("mirror", tmp_path / "absent.bvh", tmp_path / "out.bvh")
    assert "no file *.bvh in" in refusal("mirror", tmp_path / "empty", tmp_path / "out")
    assert "no frame from 7 s" in refusal("cut", dance, tmp_path / "out.bvh", "--start", "7")
    assert not (tmp_path / "out.bvh").exists()


def test_a_recording_is_never_overwritten(dance: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is read and would be overwritten"):
        run("mirror", dance, dance, "--replace_existing")
    with pytest.raises(ValueError, match="is read and would be overwritten"):
        run("mirror", tmp_path, tmp_path, "--replace_existing")
    (tmp_path / "new").mkdir()
    like = tmp_path / "new" / "dance.bvh"
    like.write_bytes(dance.read_bytes())
    with pytest.raises(ValueError, match="is read and would be overwritten"):
        run("reorder", dance, tmp_path / "new", "--like", like, "--replace-existing")
    assert like.read_bytes() == dance.read_bytes()


def test_refusals_name_the_file_of_a_folder(dance: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    write_bvh(tmp_path / "odd.bvh", wander(rng, one_sided(rng), 5, 30.0))
    with pytest.raises(ValueError, match=r"odd\.bvh: cannot mirror: joint 'LeftHand' has no twin"):
        run("mirror", tmp_path, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["dance.bvh"]


def one_sided(rng: np.random.Generator) -> Skeleton:
    """A skeleton whose left hand has no twin."""
    skeleton = human(rng)
    return replace(skeleton, names=tuple("Claw" if name == "RightHand" else name for name in skeleton.names))


def test_what_exists_is_replaced_only_on_demand(dance: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.bvh"
    out.write_text("mine")
    with pytest.raises(ValueError, match="--replace_existing"):
        run("mirror", dance, out)
    assert out.read_text() == "mine"
    assert run("mirror", dance, out, "--replace_existing") == 0
    assert read_bvh(out).frames == 60


def test_two_files_never_become_one(dance: Path, tmp_path: Path) -> None:
    (tmp_path / "dance.BVH").write_bytes(dance.read_bytes())
    with pytest.raises(ValueError, match=r"dance\.BVH and dance\.bvh would both become"):
        run("mirror", tmp_path, tmp_path / "out")


def test_what_is_written_is_called_bvh(dance: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"out\.npz is written as BVH: give a name that ends in \.bvh"):
        run("mirror", dance, tmp_path / "out.npz")
