"""Joint rotations as exponential maps, the root's way as steps in the direction it faces; both can be turned back.

Columns, `Hips` standing for the root's name: the root's `Hips_dXposition`, `Hips_dZposition` (the way since the
frame before, seen in the direction that the root faces), `Hips_dYrotation` (the turn since then), `Hips_Yposition`;
then for each selected joint in the skeleton's order `LeftArm_alpha`, `LeftArm_beta`, `LeftArm_gamma`: its rotation
vector in radians, of length at most pi (the root's is without heading). A joint that stretches or slides also has
`LeftArm_Xposition` and so on: how far it is from its offset. Lengths are in the skeleton's unit; y is up.

A joint that is not selected stays at its mean rotation. Where selected joints hang below it, what it turned beyond
that mean is given to them, so that every selected joint keeps its direction in the world; the joints at the end of
chains whose joints are all selected (or never turn) also keep their place.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from textwrap import shorten
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np

from feature_extraction.base_features import BaseFeatures, FeatureArray
from feature_extraction.motion import root as root_steps
from feature_extraction.motion import rotation
from feature_extraction.motion.resample import resample
from feature_extraction.motion.root import UP
from feature_extraction.motion.selection import select
from feature_extraction.motion.skeleton import Motion, Skeleton

if TYPE_CHECKING:
    from feature_extraction.audio import Audio

STEPS = ("dXposition", "dZposition", "dYrotation", "Yposition")
ROTATION_VECTOR = ("alpha", "beta", "gamma")
POSITION = ("Xposition", "Yposition", "Zposition")
ROOTS = ("pos_rot_deltas",)
WIDTH = 200  # characters of a list in a message


class ExpmapFeatures(BaseFeatures):
    """Exponential maps of the selected joints, and the root's steps."""

    source: ClassVar[str] = "motion"
    reversible: ClassVar[bool] = True

    def __init__(self, fps: float, joints: str | Sequence[str] = "default", root: str = "pos_rot_deltas"):
        """Extract at `fps`; `joints` is "default", "gesture", "all" or a list of names (see `motion.selection`)."""
        super().__init__(fps)
        if root not in ROOTS:
            raise ValueError(f"expmap: root is {root!r}; {' or '.join(ROOTS)} is wanted")
        self.joints = joints

    def encode(self, raw: "Motion | Audio", frames: int | None = None) -> FeatureArray:
        """Give (frames, 4 + 3 per joint + 3 per moving joint below the root); LookupError for an unknown joint."""
        motion = _cut(resample(cast(Motion, raw), self.fps), frames)
        skeleton = motion.skeleton
        selected = select(skeleton, self.joints)
        rotations, fill = _folded(motion, selected)
        steps, root_rotations, start = root_steps.encode(rotations[:, 0], motion.positions[:, 0])
        rotations[:, 0] = root_rotations
        columns = [f"{skeleton.names[0]}_{part}" for part in STEPS]
        blocks = [steps, motion.positions[:, 0, UP, None]]
        for j, vectors in zip(selected, np.moveaxis(rotation.log(rotations[:, selected]), 1, 0), strict=True):
            columns += [f"{skeleton.names[j]}_{part}" for part in ROTATION_VECTOR]
            blocks.append(vectors)
            if j in skeleton.moving[1:]:
                columns += [f"{skeleton.names[j]}_{part}" for part in POSITION]
                blocks.append(motion.positions[:, skeleton.moving.index(j)] - skeleton.offsets[j])
        decoding = {
            "skeleton": _resting(motion, selected).to_dict(),
            "fill": {skeleton.names[j]: quaternion.tolist() for j, quaternion in fill.items()},
            "start": start.tolist(),
        }
        return FeatureArray(np.concatenate(blocks, axis=1, dtype=np.float32), tuple(columns), decoding)

    def decode(self, values: np.ndarray, columns: Sequence[str], decoding: Mapping[str, Any]) -> Motion:
        """Give the motion of (frames, dim) `values`; ValueError when a joint has neither columns nor a fill."""
        skeleton = Skeleton.from_dict(decoding["skeleton"])
        table = _Table(np.asarray(values, dtype=np.float64), {name: i for i, name in enumerate(columns)})
        rotations = rotation.identity(len(values), len(skeleton.names))
        moving = [0]
        for j, name in enumerate(skeleton.names):
            if table.has(name, ROTATION_VECTOR) or j == 0:
                rotations[:, j] = rotation.exp(table.get(name, ROTATION_VECTOR))
            elif name in decoding["fill"]:
                rotations[:, j] = decoding["fill"][name]
            else:
                raise ValueError(
                    f"expmap: there are no columns {name}_{ROTATION_VECTOR[0]}, ... for the joint {name!r}"
                )
            if j and table.has(name, POSITION):
                moving.append(j)
        positions = np.empty((len(values), len(moving), 3))
        for place, j in enumerate(moving[1:], start=1):
            positions[:, place] = skeleton.offsets[j] + table.get(skeleton.names[j], POSITION)
        steps = table.get(skeleton.names[0], STEPS)
        rotations[:, 0], positions[:, 0] = root_steps.decode(
            steps[:, :3], steps[:, 3], rotations[:, 0], np.array(decoding["start"])
        )
        return Motion(replace(skeleton, moving=tuple(moving)), self.fps, rotations, positions)

    def resting_value(self, column: str) -> float | None:
        """Give 0 for the way of a joint from its offset: in other recordings of a corpus the joint may keep still."""
        return 0.0 if column.endswith(tuple(f"_{part}" for part in POSITION)) else None

    def merge_decodings(self, decodings: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
        """Give the decoding of a corpus: median bones, mean fills, a start at the origin that faces z.

        ValueError listing the sequences whose joint names or parents are not those of the most.
        """
        skeletons = {name: Skeleton.from_dict(decoding["skeleton"]) for name, decoding in decodings.items()}
        _agree(skeletons)
        first = next(iter(decodings.values()))
        fill = {
            joint: rotation.mean(np.array([decoding["fill"][joint] for decoding in decodings.values()])).tolist()
            for joint in first["fill"]
        }
        return {"skeleton": _median(list(skeletons.values())).to_dict(), "fill": fill, "start": [0.0, 0.0, 0.0]}


@dataclass(frozen=True)
class _Table:
    """(frames, dim) values with named columns."""

    values: np.ndarray
    columns: Mapping[str, int]

    def has(self, joint: str, parts: Sequence[str]) -> bool:
        return all(f"{joint}_{part}" in self.columns for part in parts)

    def get(self, joint: str, parts: Sequence[str]) -> np.ndarray:
        missing = [f"{joint}_{part}" for part in parts if f"{joint}_{part}" not in self.columns]
        if missing:
            raise ValueError(f"expmap: the columns {', '.join(missing)} are missing")
        return self.values[:, [self.columns[f"{joint}_{part}"] for part in parts]]


def _cut(motion: Motion, frames: int | None) -> Motion:
    if frames is None:
        return motion
    if frames > motion.frames:
        raise ValueError(f"the motion has {motion.frames} frames at {motion.fps:g} fps, {frames} are wanted")
    return motion.cut(0, frames)


def _folded(motion: Motion, selected: Sequence[int]) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """Give local rotations (frames, joints, 4) to go with mean rotations (4) of the unselected joints.

    What an unselected joint turns beyond its mean goes to its children, so that they keep their directions.
    """
    parents = motion.skeleton.parents
    rotations = motion.rotations.copy()
    fill: dict[int, np.ndarray] = {}
    beyond: dict[int, np.ndarray] = {}
    for j in range(len(parents)):
        if parents[j] in beyond:
            rotations[:, j] = rotation.mul(beyond[parents[j]], rotations[:, j])
        if j not in selected:
            fill[j] = rotation.mean(rotations[:, j])
            if j in parents:
                beyond[j] = rotation.mul(rotation.inv(fill[j]), rotations[:, j])
    return rotations, fill


def _resting(motion: Motion, selected: Sequence[int]) -> Skeleton:
    """Give the skeleton in which moving joints that are not selected rest at their mean position."""
    skeleton = motion.skeleton
    offsets = skeleton.offsets.copy()
    for place, j in enumerate(skeleton.moving):
        if j not in selected:
            offsets[j] = motion.positions[:, place].mean(axis=0)
    return replace(skeleton, offsets=offsets, moving=tuple(j for j in skeleton.moving if j in selected))


def _agree(skeletons: Mapping[str, Skeleton]) -> None:
    trees = {name: (skeleton.names, skeleton.parents) for name, skeleton in skeletons.items()}
    usual, count = Counter(trees.values()).most_common(1)[0]
    odd = [name for name, tree in trees.items() if tree != usual]
    if odd:
        different = sorted(set(trees[odd[0]][0]) ^ set(usual[0]))
        raise ValueError(
            f"the joints of {shorten(', '.join(odd), WIDTH, placeholder=' ...')} are not those of the other {count} "
            f"sequences ({shorten(', '.join(different), WIDTH, placeholder=' ...') or 'other order or parents'}); "
            "put recordings of different skeletons into folders of their own"
        )


def _median(skeletons: Sequence[Skeleton]) -> Skeleton:
    first = skeletons[0]
    ends = [[joint for joint, _ in skeleton.end_sites] for skeleton in skeletons]
    end_sites = first.end_sites
    if first.end_sites and all(joints == ends[0] for joints in ends):
        places = np.median([[offset for _, offset in skeleton.end_sites] for skeleton in skeletons], axis=0)
        end_sites = tuple((joint, (x, y, z)) for joint, (x, y, z) in zip(ends[0], places.tolist(), strict=True))
    offsets = np.median([skeleton.offsets for skeleton in skeletons], axis=0)
    return replace(first, offsets=offsets, end_sites=end_sites)
