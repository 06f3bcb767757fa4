"""Joint positions are those that Blender's own BVH importer gives, kept in golden/*.npz for two files made here.

They were computed with Blender 4.5.15 (`bpy`), `import_anim.bvh(axis_forward="Y", axis_up="Z")`, as heads of the pose
bones in the world; Blender works in float32.
"""

from pathlib import Path

import numpy as np
import pytest

from feature_extraction.motion.bvh import read_bvh, write_bvh
from feature_extraction.motion.skeleton import joint_positions
from tests.feature_extraction.motion.synthetic import human, wander

GOLDEN = Path(__file__).parent / "golden"
HIERARCHY = """HIERARCHY
ROOT rig:Hips
{
  OFFSET 3.5 -2 7
  CHANNELS 6 Yrotation Zrotation Xrotation Zposition Xposition Yposition
  JOINT Spine
  {
    OFFSET 0.3 12.0e0 -.8
    CHANNELS 6 Xposition Yposition Zposition Xrotation Zrotation Yrotation
    JOINT Head
    {
      OFFSET 0.1 21 1.3
      CHANNELS 3 Zrotation Yrotation Xrotation
      End site
      {
        OFFSET 0.2 9 0.5
      }
    }
    JOINT Arm.L
    {
      OFFSET 14 8.2 -0.6
      CHANNELS 3 Xrotation Zrotation Yrotation
      JOINT Hand.L
      {
        OFFSET 25 0 0
        CHANNELS 0
        End Site
        {
          OFFSET 8 0 0
        }
      }
    }
    JOINT Arm.R
    {
      OFFSET -14 8.2 -0.6
      CHANNELS 3 Yrotation Xrotation Zrotation
    }
  }
}
"""


def write_many_dialects(path: Path) -> None:
    """Write channels in odd orders and numbers, an animated bone, joints without channels or End Site."""
    rng = np.random.default_rng(13)
    time = np.arange(12)[:, None] / 12
    waves = np.sin(2 * np.pi * (rng.uniform(0.2, 2, 21) * time + rng.uniform(0, 1, 21)))
    values = waves * np.array([400, 60, 60, 90, 90, 90, 4, 4, 4, 50, 50, 50, 70, 80, 70, 160, 99, 120, 120, 80, 120])
    rows = [" ".join(f"{value:.5f}" for value in row) for row in values]
    path.write_text(f"{HIERARCHY}MOTION\nFrames: 12\nFrame Time: 0.0416667\n" + "\n".join(rows))


def write_own_dance(path: Path) -> None:
    """Write, with our own writer, a human who turns round twice and stretches a leg."""
    rng = np.random.default_rng(14)
    write_bvh(path, wander(rng, human(rng, moving=("LeftLeg",)), frames=12, fps=30, turns=2))


FILES = {"many_dialects": write_many_dialects, "own_dance": write_own_dance}


@pytest.mark.parametrize("name", FILES)
def test_joint_positions_are_those_of_blender(name: str, tmp_path: Path) -> None:
    FILES[name](tmp_path / "take.bvh")
    motion = read_bvh(tmp_path / "take.bvh")
    with np.load(GOLDEN / f"{name}.npz") as golden:
        names, positions = golden["names"].tolist(), golden["pos"]
    assert sorted(names) == sorted(motion.skeleton.names)
    ours = joint_positions(motion)[:, [motion.skeleton.index(joint) for joint in names]]
    assert np.abs(ours - positions).max() < 1e-5 * motion.skeleton.height
