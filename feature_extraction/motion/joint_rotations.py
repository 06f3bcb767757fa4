"""Features that are the joints' rotations in some form, the root's way apart; all of them can be turned back.

Columns, `Hips` standing for the root's name: with `root: pos_rot_deltas` the root's `Hips_dXposition`,
`Hips_dZposition` (the way since the frame before, seen in the direction that the root faces), `Hips_dYrotation` (the
turn since then), `Hips_Yposition`, and its rotation without heading; with `root: hip_centric` nothing of the root,
whose way is lost. Then for each selected joint in the skeleton's order its local rotation, `LeftArm_alpha` and so on.
A joint that stretches or slides also has `LeftArm_Xposition` and so on: how far it is from its offset. Lengths are in
the skeleton's unit, angles in radians; y is up.

A joint that is not selected stays at its mean rotation. Where selected joints hang below it, what it turned beyond
that mean is given to them, so that every selected joint keeps its direction in the world; the joints at the end of
chains whose joints are all selected (or never turn) also keep their place.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np

from feature_extraction.base_features import BaseFeatures, FeatureArray
from feature_extraction.motion import rotation
from feature_extraction.motion.in_place import root_mode
from feature_extraction.motion.resample import resample_to
from feature_extraction.motion.resting import folded, merge_rotations, merge_skeletons, resting_skeleton
from feature_extraction.motion.selection import select
from feature_extraction.motion.skeleton import Motion, Skeleton
from feature_extraction.motion.table import POSITION, Table, names

if TYPE_CHECKING:
    from feature_extraction.audio import Audio


class JointRotations(BaseFeatures):
    """The rotations of the selected joints, in the form that a subclass gives them."""

    source: ClassVar[str] = "motion"
    reversible: ClassVar[bool] = True
    version: ClassVar[int] = 2
    parts: ClassVar[tuple[str, ...]]
    """What the numbers of one rotation are called."""

    def __init__(self, fps: float, joints: str | Sequence[str] = "default", root: str = "pos_rot_deltas"):
        """Extract at `fps`; `joints` is "default", "gesture", "all" or a list of names (see `motion.selection`).

        `root` is "pos_rot_deltas" or "hip_centric" (see `motion.in_place`).
        """
        super().__init__(fps)
        self.joints = joints
        self.root = root_mode(root)

    @staticmethod
    @abstractmethod
    def from_rotations(rotations: np.ndarray) -> np.ndarray:
        """Give the numbers (..., parts) of rotations (..., 4)."""

    @staticmethod
    @abstractmethod
    def to_rotations(values: np.ndarray) -> np.ndarray:
        """Give the rotations (..., 4) of numbers (..., parts); of any numbers, a model's too, the nearest rotations."""

    def encode(self, raw: "Motion | Audio", frames: int | None = None) -> FeatureArray:
        """Give (frames, root + selected joints + 3 per moving joint); LookupError for an unknown joint."""
        motion = resample_to(cast(Motion, raw), self.fps, frames)
        skeleton = motion.skeleton
        selected = select(skeleton, self.joints)
        rotations, fill = folded(motion, selected)
        root = self.root.encode(rotations[:, 0], motion.positions[:, 0])
        rotations[:, 0] = root.rotations
        columns = names(skeleton.names[0], self.root.parts)
        blocks = [root.values]
        turning = selected if self.root.turns else selected[1:]
        turned = dict(zip(turning, np.moveaxis(self.from_rotations(rotations[:, turning]), 1, 0), strict=True))
        for j in selected:
            if j in turned:
                columns += names(skeleton.names[j], self.parts)
                blocks.append(turned[j])
            if j in skeleton.moving[1:]:
                columns += names(skeleton.names[j], POSITION)
                blocks.append(motion.positions[:, skeleton.moving.index(j)] - skeleton.offsets[j])
        decoding = {
            "skeleton": resting_skeleton(motion, selected).to_dict(),
            "fill": {skeleton.names[j]: quaternion.tolist() for j, quaternion in fill.items()},
            "start": root.start,
        }
        return FeatureArray(np.concatenate(blocks, axis=1, dtype=np.float32), tuple(columns), decoding)

    def decode(self, values: np.ndarray, columns: Sequence[str], decoding: Mapping[str, Any]) -> Motion:
        """Give the motion of (frames, dim) `values`; ValueError when a joint has neither columns nor a fill."""
        skeleton = Skeleton.from_dict(decoding["skeleton"])
        table = Table.of(values, columns)
        rotations = rotation.identity(len(values), len(skeleton.names))
        turning, moving = [], [0]
        for j, name in enumerate(skeleton.names):
            if table.has(name, self.parts) or (j == 0 and self.root.turns):
                turning.append(j)
            elif name in decoding["fill"]:
                rotations[:, j] = decoding["fill"][name]
            elif j:
                raise ValueError(f"there are no columns {name}_{self.parts[0]}, ... for the joint {name!r}")
            if j and table.has(name, POSITION):
                moving.append(j)
        numbers = np.stack([table.get(skeleton.names[j], self.parts) for j in turning], axis=1)
        rotations[:, turning] = self.to_rotations(numbers)
        positions = np.empty((len(values), len(moving), 3))
        for place, j in enumerate(moving[1:], start=1):
            positions[:, place] = skeleton.offsets[j] + table.get(skeleton.names[j], POSITION)
        steps = table.get(skeleton.names[0], self.root.parts)
        rotations[:, 0], positions[:, 0] = self.root.decode(steps, rotations[:, 0], decoding["start"])
        return Motion(replace(skeleton, moving=tuple(moving)), self.fps, rotations, positions)

    def blend(self, before: np.ndarray, after: np.ndarray, share: np.ndarray, columns: Sequence[str]) -> np.ndarray:
        """Give values between; each joint turns the shorter way at constant speed, all else goes straight."""
        blended = super().blend(before, after, share, columns)
        joints = [name.removesuffix(f"_{self.parts[0]}") for name in columns if name.endswith(f"_{self.parts[0]}")]
        if joints:
            index = np.array([[columns.index(name) for name in names(joint, self.parts)] for joint in joints])
            start, end = self.to_rotations(before[:, index]), self.to_rotations(after[:, index])
            blended[:, index] = self.from_rotations(rotation.slerp(start, end, share[:, None]))
        return blended

    def resting_value(self, column: str) -> float | None:
        """Give 0 for the way of a joint from its offset: in other recordings of a corpus the joint may keep still."""
        return 0.0 if column.endswith(tuple(f"_{part}" for part in POSITION)) else None

    def merge_decodings(self, decodings: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
        """Give the decoding of a corpus: median bones, mean fills, a start at the origin that faces z.

        ValueError listing the sequences whose joint names or parents are not those of the most.
        """
        return {
            "skeleton": merge_skeletons(decodings),
            "fill": merge_rotations(decoding["fill"] for decoding in decodings.values()),
            "start": self.root.merge([decoding["start"] for decoding in decodings.values()]),
        }
