"""What is drawn of a motion: points over time, and the limbs, trunk and head between them, in body heights."""

from dataclasses import dataclass

import numpy as np

from analysis.render import anatomy
from analysis.render.anatomy import LEFT, MIDDLE, RIGHT, Tree
from analysis.render.stance import Stance, stance_of
from feature_extraction.motion import rotation
from feature_extraction.motion.skeleton import Motion, fk, joint_positions, local_positions

# Radius of a limb by the length of what hangs on it: fingers are thin, thighs are thick.
THINNEST, THICKENING, POWER, THICKEST = (0.006, 0.013), 0.058, 0.85, 0.046
COLOURS = {MIDDLE: (94, 104, 122), LEFT: (58, 128, 158), RIGHT: (201, 112, 74)}
"""Of the sides, sRGB."""
SHOULDER, HIP, WAIST = 0.036, 0.046, 0.055  # radii of the trunk, body heights
HEAD, HEAD_LENGTH, NOSE = 0.047, 0.098, 0.010


@dataclass(frozen=True)
class Part:
    """Capsules, and a polygon between some of their ends, drawn together in one colour."""

    bones: np.ndarray  # (n, 2) indices of points
    radii: np.ndarray  # (n, 2) at both ends, body heights
    side: int
    polygon: tuple[int, ...] = ()


LONE_JOINT = Part(np.array([[0, 0]]), np.full((1, 2), 0.1), MIDDLE)
"""What is drawn where there are no bones."""


@dataclass(frozen=True)
class Body:
    """A motion as points over time, y up, the floor at y = 0, lengths in body heights."""

    points: np.ndarray  # (frames, points, 3): joints, end sites, then points of trunk and head that are in no file
    parts: tuple[Part, ...]
    root: np.ndarray  # (frames, 3)
    forward: np.ndarray  # (frames, 3) horizontal direction that the body faces
    stance: Stance


def body_of(motion: Motion) -> Body:
    """The drawable body of a motion; a ValueError names the first frame that is not finite."""
    rotations, _ = fk(motion.rotations, local_positions(motion), motion.skeleton.parents)
    points = joint_positions(motion, end_sites=True)
    stance = stance_of(motion, points)
    rotations, points, tree = rotation.mul(stance.turn, rotations), stance.place(points), stance.tree
    corners = anatomy.corners(tree)
    forward = _forward(points, tree, corners)
    hidden: set[int] = {0}
    parts: list[Part] = []
    root = points[:, 0]
    if corners is not None:
        trunk = anatomy.trunk(tree, corners)
        necks = anatomy.necks(tree, corners)
        hidden |= trunk | set(necks) | anatomy.stubs(tree, trunk)
        parts += _trunk_parts(tree, corners, necks, waist=points.shape[1])
        points = np.concatenate([points, points[:, list(corners)].mean(axis=1, keepdims=True)], axis=1)
    head = anatomy.head(tree)
    if head is not None:
        hidden |= tree.below(head)
        parts += _head_parts(first=points.shape[1])
        points = np.concatenate([points, _head_points(points, tree, head, rotations[:, head], forward)], axis=1)
    parts += _limb_parts(tree, hidden)
    return Body(points, tuple(parts) or (LONE_JOINT,), root, forward, stance)


def _forward(points: np.ndarray, tree: Tree, corners: tuple[int, ...] | None) -> np.ndarray:
    """Horizontal unit vectors (frames, 3) that the body faces; z where left and right cannot be told."""
    sides = np.array(tree.sides)
    left, right = np.flatnonzero(sides == LEFT), np.flatnonzero(sides == RIGHT)
    if corners is not None:
        left, right = np.array(corners[0::2]), np.array(corners[1::2])
    if not len(left) or not len(right):
        return np.broadcast_to([0.0, 0.0, 1.0], (len(points), 3))
    across = points[:, left].mean(axis=1) - points[:, right].mean(axis=1)
    forward = np.cross(across, [0.0, 1.0, 0.0])
    return _unit(forward)


def _trunk_parts(tree: Tree, corners: tuple[int, ...], necks: list[int], waist: int) -> list[Part]:
    """Pelvis and chest: triangles from the waist with round corners, the lowest bone of the neck part of the chest."""
    left_hip, right_hip, left_shoulder, right_shoulder = corners
    reach = tree.reach
    neck_bones = [[tree.parents[neck], neck] for neck in necks]
    neck_radii = [limb_radii(tree, reach, neck)[0] for neck in necks]
    return [
        Part(
            np.array([[left, right], [left, waist], [right, waist], *bones]),
            np.array([[radius, radius], [radius, WAIST], [radius, WAIST], *radii]),
            MIDDLE,
            (left, right, waist),
        )
        for left, right, radius, bones, radii in (
            (left_hip, right_hip, HIP, [], []),
            (left_shoulder, right_shoulder, SHOULDER, neck_bones, neck_radii),
        )
    ]


def _head_parts(first: int) -> list[Part]:
    """Skull and nose between the points that `_head_points` gives."""
    skull = Part(np.array([[first, first + 1]]), np.array([[0.85 * HEAD, HEAD]]), MIDDLE)
    nose = Part(np.array([[first + 2, first + 3]]), np.array([[NOSE, NOSE]]), MIDDLE)
    return [skull, nose]


def _head_points(points: np.ndarray, tree: Tree, head: int, turned: np.ndarray, forward: np.ndarray) -> np.ndarray:
    """Chin, crown, and both ends of the nose, (frames, 4, 3).

    What points up and forwards in the head's own frame is not in the file: it is taken to be the mean direction of the
    neck and the mean front of the body.
    """
    axis = points[:, head] - points[:, tree.parents[head]]
    axis = _carried(turned, _unit(axis))
    front = _carried(turned, forward)
    front = _unit(front - (front * axis).sum(axis=-1, keepdims=True) * axis)
    chin = points[:, head] + (HEAD_LENGTH - HEAD) * 0.35 * axis
    crown = points[:, head] + (HEAD_LENGTH - HEAD) * 1.35 * axis
    nose = 0.55 * chin + 0.45 * crown
    return np.stack([chin, crown, nose + 0.7 * HEAD * front, nose + 1.05 * HEAD * front], axis=1)


def _carried(turned: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """The mean of directions (frames, 3) in a moving frame, as unit vectors that this frame carries along."""
    mean = rotation.mul_vec(rotation.inv(turned), directions).mean(axis=0)
    return _unit(rotation.mul_vec(turned, np.broadcast_to(mean, directions.shape)))


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def _limb_parts(tree: Tree, hidden: set[int]) -> list[Part]:
    """One tapered capsule for each bone that is not hidden in the trunk or the head."""
    reach = tree.reach
    parts = []
    for point, (parent, which) in enumerate(zip(tree.parents, tree.sides, strict=True)):
        if point not in hidden and tree.lengths[point] > anatomy.SHORTEST_BONE:
            parts.append(Part(np.array([[parent, point]]), limb_radii(tree, reach, point), which))
    return parts


def limb_radii(tree: Tree, reach: np.ndarray, point: int) -> np.ndarray:
    """Radii (1, 2), in body heights, of the bone that ends in `point`; `reach` is the tree's."""
    below = np.array([[reach[point] + tree.lengths[point], reach[point]]])
    thinnest = np.clip(0.16 * tree.lengths[point], *THINNEST)
    return np.minimum(thinnest + THICKENING * below**POWER, THICKEST)
