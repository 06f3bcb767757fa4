"""Inverse kinematics: the rotations of a skeleton out of the places of its joints.

Each joint is turned so that the bones which begin at it point where they should. What the places do not say, the turn
of a bone about itself and of a joint at the end of a chain, is as near as can be to a given rest.
"""

from collections.abc import Collection

import numpy as np

from feature_extraction.motion import rotation
from feature_extraction.motion.skeleton import Skeleton

PULL = 1e-8
"""The weight of the rest beside that of the bones: it decides only what these leave open."""
SHORT = 1e-6
"""A bone shorter than this, in units of the skeleton's height, points nowhere."""


def solve(
    places: np.ndarray, known: Collection[int], skeleton: Skeleton, rest: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Give local rotations (frames, joints, 4) and the positions (frames, moving joints, 3) to go with them.

    `places` (frames, joints, 3) are those of the `known` joints, the root among them, whatever the others' are; `rest`
    (joints, 4) are local rotations: the others keep them. Bones keep the skeleton's lengths, and point where the places
    say, whatever the lengths are there; known joints that are moving take exactly their places.
    """
    turned: list[np.ndarray] = []
    placed: list[np.ndarray] = []
    rotations = np.empty((*places.shape[:2], 4))
    positions = np.empty((len(places), len(skeleton.moving), 3))
    for j, parent in enumerate(skeleton.parents):
        above = turned[parent] if parent >= 0 else rotation.identity(len(places))
        origin = placed[parent] if parent >= 0 else np.zeros((len(places), 3))
        resting = rotation.mul(above, rest[j])
        turned.append(_turned(places, j, bones(skeleton, j, known, rest), resting) if j in known else resting)
        rotations[:, j] = rotation.mul(rotation.inv(above), turned[j])
        if j in skeleton.moving:
            placed.append(places[:, j])
            positions[:, skeleton.moving.index(j)] = rotation.mul_vec(rotation.inv(above), places[:, j] - origin)
        else:
            placed.append(origin + rotation.mul_vec(above, skeleton.offsets[j]))
    return rotations, positions


def bones(skeleton: Skeleton, joint: int, known: Collection[int], rest: np.ndarray) -> dict[int, np.ndarray]:
    """Give for each nearest known joint below a joint its place (3) as seen from there, unknown ones being at rest.

    Where the nearest is in the same place, those below it are taken instead. Joints that stretch or slide are left out
    unless there are no others.
    """
    children: dict[int, list[int]] = {}
    for j, parent in enumerate(skeleton.parents):
        children.setdefault(parent, []).append(j)
    found: dict[int, np.ndarray] = {}
    waiting = [(joint, np.zeros(3), rotation.identity())]
    while waiting:
        parent, place, turn = waiting.pop()
        for j in children.get(parent, ()):
            reached = place + rotation.mul_vec(turn, skeleton.offsets[j])
            if j in known and np.linalg.norm(reached) > SHORT * skeleton.height:
                found[j] = reached
            else:
                waiting.append((j, reached, rotation.mul(turn, rest[j])))
    rigid = {j: place for j, place in found.items() if j not in skeleton.moving}
    return rigid or found


def _turned(places: np.ndarray, joint: int, ends: dict[int, np.ndarray], resting: np.ndarray) -> np.ndarray:
    """Give the rotation in the world, (frames, 4), that fits bones (3) best to the places of their `ends`."""
    if not ends:
        return resting
    if len(ends) == 1:
        [(end, single)] = ends.items()
        return rotation.mul(
            rotation.between(rotation.mul_vec(resting, single), places[:, end] - places[:, joint]), resting
        )
    bone = np.array(list(ends.values()))
    target = places[:, list(ends)] - places[:, [joint]]
    product = np.einsum("fbi,bj->fij", target, bone)
    lengths = np.einsum("fb,b->f", np.linalg.norm(target, axis=-1), np.linalg.norm(bone, axis=-1))
    product /= np.where(lengths > 0, lengths, 1.0)[:, None, None]
    return rotation.nearest(product + PULL * rotation.to_matrix(resting))
