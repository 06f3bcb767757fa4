"""Taking the root's way out of a motion, so that the body moves in place, and putting it back.

The ways to do so differ in what of the root becomes columns, and in what must be known to put the rest back.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from feature_extraction.motion import root as root_steps
from feature_extraction.motion import rotation
from feature_extraction.motion.root import FLOOR, UP

STEPS = ("dXposition", "dZposition", "dYrotation")
HEIGHT = "Yposition"
DECIMALS = 6  # of a way, as many as most BVH files have


@dataclass(frozen=True)
class InPlace:
    """A root without its way.

    `values` (frames, parts) are its columns; `rotations` (frames, 4) and `positions` (frames, 3) are the root's in
    place; `start` is plain JSON: what must be known to put the way back.
    """

    values: np.ndarray
    rotations: np.ndarray
    positions: np.ndarray
    start: Any


class RootMode(ABC):
    """A way to describe the root."""

    parts: ClassVar[tuple[str, ...]]
    """The parts of the root's columns."""
    turns: ClassVar[bool]
    """Whether the root still turns in place."""

    @abstractmethod
    def encode(self, rotations: np.ndarray, positions: np.ndarray) -> InPlace:
        """Take the way out of the root's `rotations` (frames, 4) and `positions` (frames, 3) in the world."""

    @abstractmethod
    def decode(self, values: np.ndarray, rotations: np.ndarray, start: Any) -> tuple[np.ndarray, np.ndarray]:
        """Give the root's rotations and positions in the world, from its columns and its rotations in place."""

    @abstractmethod
    def merge(self, starts: Sequence[Any]) -> Any:
        """Give the start that stands for those of all sequences: at the origin, facing z."""

    def place(self, values: np.ndarray) -> np.ndarray:
        """Give where the root is in place, (frames, 3), from its columns."""
        positions = np.zeros((len(values), 3))
        if HEIGHT in self.parts:
            positions[:, UP] = values[:, self.parts.index(HEIGHT)]
        return positions


class PosRotDeltas(RootMode):
    """Steps over the floor in the direction that the root faces, and its height; its start is (x, z, heading)."""

    parts = (*STEPS, HEIGHT)
    turns = True

    def encode(self, rotations: np.ndarray, positions: np.ndarray) -> InPlace:
        """Take out the way over the floor and the heading."""
        steps, turned, start = root_steps.encode(rotations, positions)
        values = np.column_stack([steps, positions[:, UP]])
        return InPlace(values, turned, self.place(values), start.tolist())

    def decode(self, values: np.ndarray, rotations: np.ndarray, start: Any) -> tuple[np.ndarray, np.ndarray]:
        """Go the steps."""
        return root_steps.decode(values[:, :3], values[:, 3], rotations, np.array(start))

    def merge(self, starts: Sequence[Any]) -> Any:
        """Give the origin."""
        return [0.0, 0.0, 0.0]


class HipCentric(RootMode):
    """No columns at all: the body as seen from the root. Put back, the root stands still where it was on average."""

    parts = ()
    turns = False

    def encode(self, rotations: np.ndarray, positions: np.ndarray) -> InPlace:
        """Take out all that the root does."""
        start = {"rotation": rotation.mean(rotations).tolist(), "position": positions.mean(axis=0).tolist()}
        frames = len(rotations)
        return InPlace(np.zeros((frames, 0)), rotation.identity(frames), np.zeros((frames, 3)), start)

    def decode(self, values: np.ndarray, rotations: np.ndarray, start: Any) -> tuple[np.ndarray, np.ndarray]:
        """Stand still."""
        return rotation.mul(np.array(start["rotation"]), rotations), np.tile(start["position"], (len(rotations), 1))

    def merge(self, starts: Sequence[Any]) -> Any:
        """Give the mean rotation without heading, at the median height; of no starts, the origin."""
        if not starts:
            return {"rotation": rotation.identity().tolist(), "position": [0.0, 0.0, 0.0]}
        upright = [_without_heading(np.array(start["rotation"])) for start in starts]
        height = float(np.median([start["position"][UP] for start in starts]))
        return {"rotation": rotation.mean(np.array(upright)).tolist(), "position": [0.0, height, 0.0]}


class GivenWay(RootMode):
    """The height only: the way is given to the model as a control signal, and is kept as (x, z, heading) per frame.

    Where frames outlast the way, the root stands where it ended.
    """

    parts = (HEIGHT,)
    turns = True

    def encode(self, rotations: np.ndarray, positions: np.ndarray) -> InPlace:
        """Take out the way over the floor and the heading."""
        heading = rotation.heading(rotations)
        way = np.column_stack([positions[:, FLOOR], heading]).round(DECIMALS)
        values = positions[:, [UP]]
        return InPlace(values, rotation.mul(rotation.yaw(-heading), rotations), self.place(values), way.tolist())

    def decode(self, values: np.ndarray, rotations: np.ndarray, start: Any) -> tuple[np.ndarray, np.ndarray]:
        """Go the way."""
        way = np.array(start, dtype=np.float64).reshape(-1, 3)[np.minimum(np.arange(len(values)), len(start) - 1)]
        positions = self.place(values)
        positions[:, FLOOR] = way[:, :2]
        return rotation.mul(rotation.yaw(way[:, 2]), rotations), positions

    def merge(self, starts: Sequence[Any]) -> Any:
        """Give a way that stays at the origin."""
        return [[0.0, 0.0, 0.0]]


ROOT_MODES: dict[str, type[RootMode]] = {"pos_rot_deltas": PosRotDeltas, "hip_centric": HipCentric}


def root_mode(name: str) -> RootMode:
    """Give the mode of a name; ValueError for an unknown one."""
    if name not in ROOT_MODES:
        raise ValueError(f"root is {name!r}; {' or '.join(ROOT_MODES)} is wanted")
    return ROOT_MODES[name]()


def _without_heading(q: np.ndarray) -> np.ndarray:
    return rotation.mul(rotation.yaw(-rotation.heading(q)), q)
