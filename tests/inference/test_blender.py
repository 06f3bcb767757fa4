"""Blender sees the joints of exported files where we have them, for every real skeleton.

Needs a Python with `bpy` (`pip install bpy==4.5.15` into a Python 3.11 of its own), named by $BLENDER_PYTHON.
"""

import os
import subprocess
from dataclasses import replace

import numpy as np
import pytest

from analysis.render.glb_renderer import metres_per_unit
from analysis.render.stance import stance_of
from feature_extraction.extract import extract
from feature_extraction.feature import Feature
from feature_extraction.motion import rotation
from feature_extraction.motion.bvh import read_bvh, write_bvh
from feature_extraction.motion.skeleton import joint_positions
from inference.export import Result, export

pytestmark = pytest.mark.slow
NAME = "expmap_scaled_20"
RECIPE = """\
fps: 20
features:
  expmap: {source: motion, extractors: [{name: expmap, joints: all}], scale: standard}
"""
IN_BLENDER = """
import sys
import bpy, numpy as np
for path in sys.argv[1:]:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = 20
    if path.endswith(".bvh"):
        options = dict(axis_forward="Y", axis_up="Z", rotate_mode="NATIVE", frame_start=1)
        bpy.ops.import_anim.bvh(filepath=path, update_scene_fps=True, **options)
    else:
        bpy.ops.import_scene.gltf(filepath=path)
    armature = next(each for each in bpy.context.scene.objects if each.type == "ARMATURE")
    known, first = np.load(path + ".npz"), int(path.endswith(".bvh"))
    found = np.zeros_like(known["places"])
    for place, frame in enumerate(known["frames"].tolist()):
        bpy.context.scene.frame_set(first + frame)
        for joint, name in enumerate(known["names"]):
            found[place, joint] = armature.matrix_world @ armature.pose.bones[str(name)].head
    if path.endswith(".glb"):
        found = np.stack([found[..., 0], found[..., 2], -found[..., 1]], axis=-1)
    np.save(path + ".npy", found)
"""


@pytest.fixture(scope="module")
def exported(shared_data, tmp_path_factory):
    """Of each skeleton its files, where we have the joints, and a body's height, after a look with Blender."""
    python = os.environ.get("BLENDER_PYTHON")
    if not python:
        pytest.skip("$BLENDER_PYTHON names no Python with bpy")
    folder = tmp_path_factory.mktemp("blender")
    files = {}
    for path in sorted((shared_data / "bvh").glob("*.bvh")):
        motion, written = _through_the_model(path, folder / path.stem)
        stance = stance_of(motion)
        metres = metres_per_unit(stance.height)
        places = joint_positions(motion)
        upright = metres * rotation.mul_vec(stance.turn, places)
        frames = np.unique(np.linspace(0, motion.frames - 1, 8).astype(int))
        for file, wanted, unit in zip(written, (places, upright), (1.0, metres), strict=True):
            np.savez(f"{file}.npz", places=wanted[frames], frames=frames, names=motion.skeleton.names)
            files[f"{path.stem}{file.suffix}"] = file, wanted[frames], unit * stance.height
    subprocess.run([python, "-c", IN_BLENDER, *(file for file, *_ in files.values())], check=True, capture_output=True)
    return files


def _through_the_model(path, folder):
    """The motion of a file as a perfect model would give it, and the BVH and glTF files of it."""
    folder.mkdir()
    motion = read_bvh(path)
    if motion.frames == 1:  # a rest pose; features are taken of what moves
        turns = rotation.exp(0.3 * np.random.default_rng(0).normal(size=(9, *motion.rotations.shape[1:-1], 3)))
        rotations = rotation.mul(motion.rotations, turns)
        motion = replace(motion, fps=20.0, rotations=rotations, positions=np.repeat(motion.positions, 9, axis=0))
    for number in range(3):
        write_bvh(folder / f"s{number}.bvh", motion.cut(0, min(motion.frames, round(4 * motion.fps))))
    (folder / "r.yaml").write_text(RECIPE)
    extract(folder, folder / "r.yaml", progress=False, jobs=1)
    feature, values = Feature.load(folder, NAME), np.load(folder / f"s0.{NAME}.npy")
    own = feature.sequence_decoding(folder, "s0")
    result = Result("s0", [{NAME: values}], {NAME: own})
    return feature.decode(values, own), export(result, {NAME: feature}, folder, ["bvh", "glb"])[-2:]


@pytest.mark.parametrize("suffix", [".bvh", ".glb"])
def test_joints_are_where_we_have_them(exported, suffix):
    errors = {
        name: np.abs(np.load(f"{file}.npy") - places).max() / height
        for name, (file, places, height) in exported.items()
        if file.suffix == suffix
    }
    assert len(errors) >= 15
    assert {name: error for name, error in errors.items() if error > 1e-4} == {}
