"""Motions that go through a representation and back, and how far off they then are."""

import json

import numpy as np

from feature_extraction.base_features import BaseFeatures
from feature_extraction.motion.skeleton import Motion, fk, joint_positions, local_positions
from tests.feature_extraction.motion.synthetic import human, wander

SPINE = ("Spine", "Spine1", "Spine2", "Spine3")


def seeded(
    frames: int = 200,
    turns: float = 3.0,
    fps: float = 20.0,
    seed: int = 1,
    spine: tuple[str, ...] = SPINE[:2],
    moving: tuple[str, ...] = (),
) -> Motion:
    """Give a random human motion of a seed."""
    rng = np.random.default_rng(seed)
    return wander(rng, human(rng, moving, spine), frames, fps, turns)


def there_and_back(motion: Motion, features: BaseFeatures) -> Motion:
    """Give what features make of what they made of a motion, what decoding needs having been JSON."""
    array = features.encode(motion)
    return features.decode(array.values, array.columns, json.loads(json.dumps(array.decoding, allow_nan=False)))


def distances(motion: Motion, other: Motion) -> np.ndarray:
    """Give how far each joint is off at most, in units of the height."""
    difference = joint_positions(motion) - joint_positions(other)
    return np.linalg.norm(difference, axis=-1).max(axis=0) / motion.skeleton.height


def world_rotations(motion: Motion) -> np.ndarray:
    """Give the joints' rotations in the world, (frames, joints, 4)."""
    return fk(motion.rotations, local_positions(motion), motion.skeleton.parents)[0]


def bone_directions(motion: Motion) -> np.ndarray:
    """Give the direction (frames, joints - 1, 3) from each joint's parent to it."""
    places = joint_positions(motion)
    bones = places[:, 1:] - places[:, motion.skeleton.parents[1:]]
    return bones / np.linalg.norm(bones, axis=-1, keepdims=True)
