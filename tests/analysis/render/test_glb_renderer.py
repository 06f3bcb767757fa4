"""A glTF file moves its joints as the motion does, in metres and upright, and its skin goes with them."""

import os
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest

from analysis.render.glb_renderer import GlbRenderer, metres_per_unit
from analysis.render.stance import stance_of
from feature_extraction.motion import edit, rotation
from feature_extraction.motion.bvh import read_bvh
from feature_extraction.motion.point_skeleton import point_motion
from feature_extraction.motion.skeleton import joint_positions
from tests.analysis.render.glb_reader import Glb
from tests.feature_extraction.small_corpus import swaying

REAL = ["ad_dab", "cmu_05_20_mb_dance", "mh_tpose", "reactidle_003_genuine", "pybvh_rotation_first_root"]
VALIDATOR = """
const fs = require("fs"), validator = require("gltf-validator");
validator.validateBytes(new Uint8Array(fs.readFileSync(process.argv[1]))).then(({issues}) => {
  console.log(issues.messages.map(({code, message}) => `${code}: ${message}`).join("\\n"));
  process.exit(issues.numErrors + issues.numWarnings ? 1 : 0);
});
"""


def written(motion, folder):
    return GlbRenderer().render(folder / "dance.glb", [motion], title="dance")


def real(shared_data, name, frames=12):
    motion = read_bvh(shared_data / "bvh" / f"{name}.bvh")
    return motion.cut(0, min(frames, motion.frames))


def in_metres(motion):
    """Joints and end sites (frames, points, 3) as a glTF file should have them."""
    stance = stance_of(motion)
    points = rotation.mul_vec(stance.turn, joint_positions(motion, end_sites=True))
    return points * metres_per_unit(stance.height), stance


def stretching():
    """A motion of points, whose bones change their lengths."""
    places = joint_positions(swaying(0).cut(0, 9))
    places += 0.05 * np.random.default_rng(0).normal(size=places.shape)
    skeleton = swaying(0).skeleton
    return point_motion(places, skeleton.names, skeleton.parents, 20.0)


@pytest.mark.parametrize("name", [*REAL, "swaying", "stretching"])
def test_joints_are_where_the_motion_has_them(name, request, tmp_path):
    motion = {"swaying": lambda: swaying(0).cut(0, 9), "stretching": stretching}.get(
        name, lambda: real(request.getfixturevalue("shared_data"), name)
    )()
    points, stance = in_metres(motion)
    glb = Glb(written(motion, tmp_path))
    tall = stance.height * metres_per_unit(stance.height)
    assert [glb.content["nodes"][joint]["name"] for joint in glb.content["skins"][0]["joints"]] == [
        *motion.skeleton.names
    ]
    for frame in range(0, motion.frames, 4):
        places = glb.joint_matrices(frame)[:, :3, 3]
        np.testing.assert_allclose(places, points[frame, : len(places)], atol=2e-6 * tall)


@pytest.mark.parametrize("make", [lambda: edit.turn(swaying(0).cut(0, 9), rotation.yaw(1.0)), stretching])
def test_the_skin_stays_around_the_bones(make, tmp_path):
    motion = make()
    points, stance = in_metres(motion)
    starts, ends = points[:, stance.tree.parents[1:]], points[:, 1:]
    glb = Glb(written(motion, tmp_path))
    for frame in (0, 5):
        for vertices, triangles in glb.skin(frame):
            along = ends[frame] - starts[frame]
            part = np.einsum("vbk,bk->vb", vertices[:, None] - starts[frame], along)
            part = np.clip(part / np.maximum((along**2).sum(axis=-1), 1e-12), 0, 1)
            away = np.linalg.norm(vertices[:, None] - starts[frame] - part[..., None] * along, axis=-1).min(axis=1)
            assert away.max() < 0.06 * stance.height * metres_per_unit(stance.height)
            corners = vertices[triangles]
            # Seen from outside: the volume of a closed surface is positive.
            assert np.einsum("ti,ti->t", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() > 0


def test_keys_are_at_the_times_of_the_frames(tmp_path):
    glb = Glb(written(swaying(0, fps=24.0).cut(0, 7), tmp_path))
    [animation] = glb.content["animations"]
    for sampler in animation["samplers"]:
        np.testing.assert_allclose(glb.array(sampler["input"]), np.arange(7) / 24, atol=1e-6)


def test_quaternions_never_take_the_long_way(tmp_path):
    motion = swaying(0).cut(0, 30)
    flipped = motion.rotations * np.where(np.arange(30) % 2, -1.0, 1.0)[:, None, None]
    glb = Glb(written(replace(motion, rotations=flipped), tmp_path))
    [animation] = glb.content["animations"]
    turning = [each["sampler"] for each in animation["channels"] if each["target"]["path"] == "rotation"]
    assert turning
    for sampler in turning:
        keys = glb.array(animation["samplers"][sampler]["output"])
        assert ((keys[1:] * keys[:-1]).sum(axis=1) > 0).all()


@pytest.mark.parametrize("factor", [1.0, 100.0, 100 / 2.54])
def test_people_are_as_tall_as_people_whatever_the_unit(factor, tmp_path):
    motion = swaying(0).cut(0, 2)
    motion = edit.rescale(motion, 1.75 / stance_of(motion).height * factor)
    glb = Glb(written(motion, tmp_path))
    assert glb.content["asset"]["extras"]["metres_per_unit"] == pytest.approx(1 / factor, rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*REAL, "swaying"])
def test_the_khronos_validator_has_nothing_to_say_against_it(name, request, tmp_path):
    """Needs node, and NODE_PATH with the npm package gltf-validator."""
    if not shutil.which("node") or not os.environ.get("NODE_PATH"):
        pytest.skip("no node, or no NODE_PATH with gltf-validator")
    motion = swaying(0) if name == "swaying" else real(request.getfixturevalue("shared_data"), name)
    done = subprocess.run(["node", "-e", VALIDATOR, written(motion, tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
