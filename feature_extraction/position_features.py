"""Joint positions as seen from the root, whose way is given as steps in the direction it faces."""

from collections.abc import Sequence

from feature_extraction.motion.in_place import root_mode
from feature_extraction.motion.joint_places import JointPlaces


class PositionFeatures(JointPlaces):
    """`Hips_dXposition`, `_dZposition`, `_dYrotation`, `_Yposition`, then three columns per joint below the root.

    They are those of `motion.joint_places`.
    """

    def __init__(
        self,
        fps: float,
        joints: str | Sequence[str] = "default",
        root: str = "pos_rot_deltas",
        bones: str = "auto",
    ):
        """Extract at `fps`; `root` is "pos_rot_deltas" or "hip_centric", the others are those of `JointPlaces`."""
        super().__init__(fps, root_mode(root), joints, bones)
