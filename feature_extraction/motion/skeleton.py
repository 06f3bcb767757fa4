"""Skeletons, motion on them, and forward kinematics."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from feature_extraction.motion import rotation


@dataclass(frozen=True, eq=False)
class Skeleton:
    """A tree of joints: the root first (its parent is -1), each parent before its children.

    `offsets` (joints, 3) are the bones at rest, in the file's own unit and axes (y is up); the root's is zero, its
    place is a matter of motion. `orders` is each joint's Euler order in files, "" where it does not turn. `end_sites`
    lists (joint, offset). `moving` are the joints whose position is animated: the root, always first, and joints that
    stretch or slide; their animated position replaces the offset.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: np.ndarray
    orders: tuple[str, ...]
    end_sites: tuple[tuple[int, tuple[float, float, float]], ...] = ()
    moving: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        count = len(self.names)
        assert count > 0, "a skeleton has at least one joint"
        same = len(self.parents) == len(self.orders) == count and self.offsets.shape == (count, 3)
        assert same, "a skeleton has as many parents, offsets and orders as names"
        tree = self.parents[0] == -1 and all(0 <= parent < j for j, parent in enumerate(self.parents) if j)
        assert tree, "a skeleton has one root, first, and each parent before its children"
        assert self.moving[:1] == (0,), "the root is the first of the moving joints"

    @cached_property
    def height(self) -> float:
        """The measure of lengths: the longest side of the box around the rest pose, end sites included.

        The rest pose has all rotations zero. 1.0 for a skeleton without extent, so that it can always divide.
        """
        places = self.offsets.copy()
        for joint, parent in enumerate(self.parents):
            if parent >= 0:
                places[joint] += places[parent]
        ends = [places[joint] + offset for joint, offset in self.end_sites]
        extent = float(np.ptp(np.vstack([places, *ends]), axis=0).max())
        return extent if extent > 0 else 1.0

    def index(self, name: str) -> int:
        """Give the index of a joint by its exact name; LookupError otherwise."""
        if name not in self.names:
            raise LookupError(f"no joint named {name!r}; there are {', '.join(self.names)}")
        return self.names.index(name)

    def to_dict(self) -> dict[str, Any]:
        """Give the skeleton as plain JSON."""
        return {
            "names": list(self.names),
            "parents": list(self.parents),
            "offsets": self.offsets.tolist(),
            "orders": list(self.orders),
            "end_sites": [[joint, list(offset)] for joint, offset in self.end_sites],
            "moving": list(self.moving),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Skeleton":
        """Read a skeleton from plain JSON."""
        return cls(
            names=tuple(data["names"]),
            parents=tuple(data["parents"]),
            offsets=np.array(data["offsets"], dtype=np.float64),
            orders=tuple(data["orders"]),
            end_sites=tuple((joint, (x, y, z)) for joint, (x, y, z) in data["end_sites"]),
            moving=tuple(data["moving"]),
        )


@dataclass(frozen=True, eq=False)
class Motion:
    """A skeleton in motion at `fps` frames per second.

    `rotations` (frames, joints, 4) are local, wxyz. `positions` (frames, len(skeleton.moving), 3) are the local
    positions of the moving joints; they replace the offset (the root's is its place in the world).
    """

    skeleton: Skeleton
    fps: float
    rotations: np.ndarray
    positions: np.ndarray

    def __post_init__(self) -> None:
        frames = len(self.rotations)
        right = self.rotations.shape == (frames, len(self.skeleton.names), 4)
        right = right and self.positions.shape == (frames, len(self.skeleton.moving), 3)
        assert right, "rotations are (frames, joints, 4), positions (frames, moving joints, 3)"

    @property
    def frames(self) -> int:
        """The number of frames."""
        return len(self.rotations)

    @property
    def duration_s(self) -> float:
        """The time shown, in seconds: each frame lasts 1 / fps."""
        return self.frames / self.fps

    def cut(self, start: int, stop: int) -> "Motion":
        """Give the frames [start, stop)."""
        return Motion(self.skeleton, self.fps, self.rotations[start:stop], self.positions[start:stop])


def fk(rotations: np.ndarray, local_positions: np.ndarray, parents: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Give global rotations (frames, joints, 4) and positions (frames, joints, 3): forward kinematics.

    `rotations` (frames, joints, 4) and `local_positions` (frames or 1, joints, 3) are relative to the parent.
    """
    turned: list[np.ndarray] = []
    placed: list[np.ndarray] = []
    for joint, parent in enumerate(parents):
        place = np.broadcast_to(local_positions[:, joint], (len(rotations), 3))
        if parent < 0:
            turned.append(rotations[:, joint])
            placed.append(place)
        else:
            turned.append(rotation.mul(turned[parent], rotations[:, joint]))
            placed.append(placed[parent] + rotation.mul_vec(turned[parent], place))
    return np.stack(turned, axis=1), np.stack(placed, axis=1)


def local_positions(motion: Motion) -> np.ndarray:
    """Give each joint's position relative to its parent, (frames, joints, 3): the offset, or the animated position."""
    positions = np.tile(motion.skeleton.offsets, (motion.frames, 1, 1))
    positions[:, motion.skeleton.moving] = motion.positions
    return positions


def joint_positions(motion: Motion, end_sites: bool = False) -> np.ndarray:
    """Give the joints' places in the world, (frames, joints, 3), with `end_sites` followed by theirs."""
    rotations, places = fk(motion.rotations, local_positions(motion), motion.skeleton.parents)
    if not end_sites or not motion.skeleton.end_sites:
        return places
    joints, offsets = zip(*motion.skeleton.end_sites, strict=True)
    ends = places[:, joints] + rotation.mul_vec(rotations[:, joints], np.array(offsets))
    return np.concatenate([places, ends], axis=1)
