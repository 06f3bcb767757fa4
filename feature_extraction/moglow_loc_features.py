"""Joint positions as MoGlow has them (Henter et al., arXiv 1905.06598): seen from the root, whose way is the control.

The way over the floor and the heading are `moglow_loc_control`, which a model is given. A sequence turned back goes its
own way, which is kept beside its array; without one it stays at the origin and faces z.
"""

from collections.abc import Sequence

from feature_extraction.motion.in_place import GivenWay
from feature_extraction.motion.joint_places import JointPlaces


class MoglowLocFeatures(JointPlaces):
    """`Hips_Yposition`, then three columns per joint below the root: those of `motion.joint_places`."""

    def __init__(self, fps: float, joints: str | Sequence[str] = "default", bones: str = "auto"):
        """Extract at `fps`; the parameters are those of `JointPlaces`."""
        super().__init__(fps, GivenWay(), joints, bones)
