"""Features that are the joints' places as seen from the root; turned back by inverse kinematics.

Columns, `Hips` standing for the root's name: what the root's mode has (see `motion.in_place`), then for each selected
joint below it, in the skeleton's order, `LeftArm_Xposition`, `_Yposition`, `_Zposition`: where it is as seen from the
floor below the root, in the direction that the root faces (with `root: hip_centric`, from the root itself, turned as
it is). Lengths are in the skeleton's unit; y is up.

Places hold no rotations. On the way back, bones point where the places say and have the lengths of the skeleton; turns
of bones about themselves and of the ends of chains (hands, head) are lost: there a joint is as near as can be to its
mean rotation in the recording. Joints that were not selected stay at their mean.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np

from feature_extraction.base_features import BaseFeatures, FeatureArray
from feature_extraction.motion import inverse_kinematics, rotation
from feature_extraction.motion.in_place import RootMode
from feature_extraction.motion.point_skeleton import connect, point_motion
from feature_extraction.motion.resample import resample_to
from feature_extraction.motion.resting import folded, merge_rotations, merge_skeletons, resting_skeleton
from feature_extraction.motion.selection import select
from feature_extraction.motion.skeleton import Motion, Skeleton, fk, local_positions
from feature_extraction.motion.table import POSITION, Table, names

if TYPE_CHECKING:
    from feature_extraction.audio import Audio

log = logging.getLogger(__name__)

BONES = ("auto", "skeleton", "points")
NAMELESS = "root"
OTHER_BONES = 0.25
"""Bones whose lengths differ from the skeleton's by more than this part, half of them at least, are not its bones."""


class JointPlaces(BaseFeatures):
    """The places of the selected joints, beside what `root` gives."""

    source: ClassVar[str] = "motion"
    reversible: ClassVar[bool] = True
    version: ClassVar[int] = 2

    def __init__(self, fps: float, root: RootMode, joints: str | Sequence[str], bones: str):
        """Extract at `fps`; `joints` is "default", "gesture", "all" or a list of names (see `motion.selection`).

        `bones` says what places are turned back into: "skeleton" (the recording's, by inverse kinematics), "points"
        (see `motion.point_skeleton`), or "auto": the skeleton, unless the places are not those of its bones.
        """
        super().__init__(fps)
        if bones not in BONES:
            raise ValueError(f"bones is {bones!r}; {', '.join(BONES[:-1])} or {BONES[-1]} is wanted")
        self.root, self.joints, self.bones = root, joints, bones

    def encode(self, raw: "Motion | Audio", frames: int | None = None) -> FeatureArray:
        """Give (frames, root + 3 per selected joint below it); LookupError for an unknown joint."""
        motion = resample_to(cast(Motion, raw), self.fps, frames)
        skeleton = motion.skeleton
        selected = select(skeleton, self.joints)
        root = self.root.encode(motion.rotations[:, 0], motion.positions[:, 0])
        rotations, positions = motion.rotations.copy(), local_positions(motion)
        rotations[:, 0], positions[:, 0] = root.rotations, root.positions
        below = list(selected[1:])
        places = fk(rotations, positions, skeleton.parents)[1][:, below]
        decoding = {
            "skeleton": _resting(motion, selected).to_dict(),
            "fill": _rest(replace(motion, rotations=rotations), selected),
            "joints": [skeleton.names[j] for j in selected],
            "start": root.start,
        }
        columns = names(skeleton.names[0], self.root.parts)
        columns += [column for j in below for column in names(skeleton.names[j], POSITION)]
        blocks = [root.values, places.reshape(motion.frames, -1)]
        return FeatureArray(np.concatenate(blocks, axis=1, dtype=np.float32), tuple(columns), decoding)

    def decode(self, values: np.ndarray, columns: Sequence[str], decoding: Mapping[str, Any]) -> Motion:
        """Give the motion of (frames, dim) `values`; ValueError when a selected joint has no columns.

        Without a skeleton in `decoding` ({}), it is one of points, and what is connected is a guess.
        """
        table = Table.of(values, columns)
        if "skeleton" not in decoding:
            return self._guessed(table)
        skeleton = Skeleton.from_dict(decoding["skeleton"])
        known = [skeleton.index(name) for name in decoding["joints"]]
        root = table.get(skeleton.names[0], self.root.parts)
        places = np.zeros((len(values), len(skeleton.names), 3))
        places[:, 0] = self.root.place(root)
        for j in known[1:]:
            places[:, j] = table.get(skeleton.names[j], POSITION)
        rest = np.array([decoding["fill"][name] for name in skeleton.names])
        if self.bones == "points" or (self.bones == "auto" and _are_of_other_bones(places, known, skeleton, rest)):
            above = [_above(j, known, skeleton) for j in known]
            parents = [known.index(parent) if parent >= 0 else -1 for parent in above]
            return self._points([skeleton.names[j] for j in known], parents, places[:, known], root, decoding["start"])
        rotations, positions = inverse_kinematics.solve(places, known, skeleton, rest)
        rotations[:, 0], positions[:, 0] = self.root.decode(root, rotations[:, 0], decoding["start"])
        return Motion(skeleton, self.fps, rotations, positions)

    def merge_decodings(self, decodings: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
        """Give the decoding of a corpus: median bones, mean rests, a start at the origin that faces z.

        ValueError listing the sequences whose joint names or parents are not those of the most.
        """
        return {
            "skeleton": merge_skeletons(decodings),
            "fill": merge_rotations(decoding["fill"] for decoding in decodings.values()),
            "joints": next(iter(decodings.values()))["joints"],
            "start": self.root.merge([decoding["start"] for decoding in decodings.values()]),
        }

    def _guessed(self, table: Table) -> Motion:
        """Give the motion of points of which only the columns tell."""
        log.warning("no skeleton is known of these places: the motion is one of points, the bones are guessed")
        joints = list(dict.fromkeys(column.rpartition("_")[0] for column in table.columns))
        above, below = ([joints[0]], joints[1:]) if self.root.parts else ([NAMELESS], joints)
        root = table.get(above[0], self.root.parts)
        places = np.stack([self.root.place(root), *(table.get(joint, POSITION) for joint in below)], axis=1)
        order, parents = connect(places)
        return self._points([(above + below)[j] for j in order], parents, places[:, order], root, self.root.merge([]))

    def _points(
        self, joints: Sequence[str], parents: Sequence[int], places: np.ndarray, root: np.ndarray, start: Any
    ) -> Motion:
        turn, position = self.root.decode(root, rotation.identity(len(places)), start)
        world = position[:, None] + rotation.mul_vec(turn[:, None], places - places[:, :1])
        return point_motion(world, joints, parents, self.fps)


def _resting(motion: Motion, selected: Sequence[int]) -> Skeleton:
    """Give the skeleton with the mean position of every moving joint but the root for its offset."""
    skeleton = resting_skeleton(motion, selected)
    offsets = skeleton.offsets.copy()
    for j in skeleton.moving[1:]:
        offsets[j] = motion.positions[:, motion.skeleton.moving.index(j)].mean(axis=0)
    return replace(skeleton, offsets=offsets)


def _rest(motion: Motion, selected: Sequence[int]) -> dict[str, list[float]]:
    """Give the mean local rotation of every joint; unselected ones leave the rest of theirs to their children."""
    rotations, fill = folded(motion, selected)
    means = rotation.mean(rotations)
    means[list(fill)] = np.array(list(fill.values())).reshape(-1, 4)
    return dict(zip(motion.skeleton.names, means.tolist(), strict=True))


def _are_of_other_bones(places: np.ndarray, known: list[int], skeleton: Skeleton, rest: np.ndarray) -> bool:
    """Tell whether places cannot be those of this skeleton's bones; says so if they cannot."""
    off = []
    for j in known:
        for end, bone in inverse_kinematics.bones(skeleton, j, known, rest).items():
            length = np.linalg.norm(places[:, end] - places[:, j], axis=-1)
            off.append(np.abs(length / np.linalg.norm(bone) - 1))
    if not off or np.median(off) <= OTHER_BONES:
        return False
    message = "half of the bones between these places are at least %.0f %% longer or shorter than the skeleton's: "
    log.warning(message + "the motion is one of points, without rotations", 100 * np.median(off))
    return True


def _above(joint: int, known: list[int], skeleton: Skeleton) -> int:
    """Give the nearest known joint above another, -1 for the root."""
    parent = skeleton.parents[joint]
    while parent >= 0 and parent not in known:
        parent = skeleton.parents[parent]
    return parent
