"""The control signal of MoGlow's locomotion (Henter et al., arXiv 1905.06598): where the root goes, step by step."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

import numpy as np

from feature_extraction.base_features import BaseFeatures, FeatureArray
from feature_extraction.motion import root as root_steps
from feature_extraction.motion.in_place import STEPS
from feature_extraction.motion.resample import resample_to
from feature_extraction.motion.skeleton import Motion
from feature_extraction.motion.table import names

if TYPE_CHECKING:
    from feature_extraction.audio import Audio


class MoglowLocControlFeatures(BaseFeatures):
    """`Hips_dXposition`, `_dZposition`, `_dYrotation`: the way since the frame before, and the turn, in radians.

    The way is seen in the direction that the root faces, and in the skeleton's unit.
    """

    source: ClassVar[str] = "motion"
    version: ClassVar[int] = 2

    def __init__(self, fps: float, joints: str | Sequence[str] = "default"):
        """Extract at `fps`; `joints`, which each motion extractor takes, says nothing here: there is only the root."""
        super().__init__(fps)

    def encode(self, raw: "Motion | Audio", frames: int | None = None) -> FeatureArray:
        """Give (frames, 3)."""
        motion = resample_to(cast(Motion, raw), self.fps, frames)
        steps, _, _ = root_steps.encode(motion.rotations[:, 0], motion.positions[:, 0])
        return FeatureArray(steps.astype(np.float32), tuple(names(motion.skeleton.names[0], STEPS)))
