"""How a motion's skeleton stands in its own space: which way is up, how tall the body is, where the floor is."""

from dataclasses import dataclass, replace

import numpy as np

from analysis.render.anatomy import Tree
from feature_extraction.motion import rotation
from feature_extraction.motion.skeleton import Motion, fk, joint_positions

Z_TO_Y = rotation.from_axis_angle(np.array([1.0, 0.0, 0.0]), -np.pi / 2)
Z_UP = 1.5  # a body this much longer along z than along y stands along z
FLOOR_PERCENTILE = 2  # the floor is where the lowest point is in all but so many of a hundred frames


@dataclass(frozen=True)
class Stance:
    """The way from a motion's own space to that of bodies: y up, the floor at y = 0, lengths in body heights."""

    tree: Tree
    """Joints and end sites, with bone lengths in body heights."""
    turn: np.ndarray  # (4,) quaternion that brings up to y
    height: float  # of the body, in the motion's own unit
    floor: float  # its height above the origin, body heights

    def place(self, points: np.ndarray) -> np.ndarray:
        """Points (..., 3) of the motion's own space as seen from the body's."""
        return rotation.mul_vec(self.turn, points) / self.height - self._lift

    def unplace(self, points: np.ndarray) -> np.ndarray:
        """The inverse of `place`."""
        return rotation.mul_vec(rotation.inv(self.turn), (points + self._lift) * self.height)

    @property
    def _lift(self) -> np.ndarray:
        return np.array([0.0, self.floor, 0.0])

    @property
    def matrix(self) -> np.ndarray:
        """`place` as a (4, 4) matrix on columns (x, y, z, 1)."""
        matrix = np.eye(4)
        matrix[:3, :3] = rotation.to_matrix(self.turn) / self.height
        matrix[1, 3] = -self.floor
        return matrix


def stance_of(motion: Motion, points: np.ndarray | None = None) -> Stance:
    """How a motion stands; `points` are its joints and end sites (frames, points, 3), where they are known already.

    Raises:
        ValueError: if the motion is not finite; the message names the first such frame.
    """
    points = joint_positions(motion, end_sites=True) if points is None else points
    finite = np.isfinite(points).all(axis=(1, 2))
    if not finite.all():
        raise ValueError(f"frame {int(np.argmin(finite))} of the motion holds values that are not finite")
    tree = _tree(motion, points)
    height = tree.height
    turn = Z_TO_Y if _stands_along_z(motion, points) else rotation.identity()
    heights = rotation.mul_vec(turn, points)[..., 1] / height
    floor = float(np.percentile(heights.min(axis=1), FLOOR_PERCENTILE))
    return Stance(replace(tree, lengths=tree.lengths / height), turn, height, floor)


def _tree(motion: Motion, points: np.ndarray) -> Tree:
    """The skeleton with its end sites as points, bone lengths as they are in the median frame."""
    skeleton = motion.skeleton
    owners = tuple(joint for joint, _ in skeleton.end_sites)
    names = (*skeleton.names, *(skeleton.names[joint] for joint in owners))
    parents = (*skeleton.parents, *owners)
    bones = np.linalg.norm(points[:, 1:] - points[:, parents[1:]], axis=-1)
    return Tree(names, parents, np.concatenate([[0.0], np.median(bones, axis=0)]))


def _stands_along_z(motion: Motion, points: np.ndarray) -> bool:
    """Whether the skeleton's up is z: it is longer along z than along y, at rest and in motion."""
    skeleton = motion.skeleton
    _, rest = fk(rotation.identity(1, len(skeleton.names)), skeleton.offsets[None], skeleton.parents)
    extents = np.ptp(rest[0], axis=0), np.median(np.ptp(points, axis=1), axis=0)
    return all(z > Z_UP * y for _, y, z in extents)
