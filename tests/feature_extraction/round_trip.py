"""Whether a representation gives a motion back: where joints are, or where bones point if places are all there is."""

import json

import numpy as np

from feature_extraction.align import natural_frames
from feature_extraction.feature import find_extractor
from feature_extraction.motion.joint_places import JointPlaces
from feature_extraction.motion.resample import resample
from feature_extraction.motion.skeleton import Motion, joint_positions

POSITION, DIRECTION = 1e-4, 1e-3
"""What is allowed to be off: joints, in units of the height; the directions of bones, if places are all there is."""
SHORT = 1e-3
"""Bones shorter than this, in units of the height, have no direction worth the name."""


def there_and_back(name: str, motion: Motion, fps: float) -> Motion:
    """A motion as all joints of a representation at `fps` give it back, what decoding needs having been JSON."""
    extractor = find_extractor(name)(fps, joints="all")
    array = extractor.encode(motion)
    assert np.isfinite(array.values).all()
    return extractor.decode(array.values, array.columns, json.loads(json.dumps(array.decoding)))


def bone_directions(motion: Motion) -> np.ndarray:
    """The unit vectors (frames, joints - 1, 3) from each joint's parent to it; 0 for bones without length."""
    places = joint_positions(motion)
    bones = places[:, 1:] - places[:, motion.skeleton.parents[1:]]
    length = np.linalg.norm(bones, axis=-1, keepdims=True)
    return np.where(length > SHORT * motion.skeleton.height, bones / np.maximum(length, 1e-300), 0.0)


def assert_given_back(name: str, motion: Motion, fps: float, recording: str) -> None:
    """A representation at `fps` gives a motion back, all joints being selected; `recording` is its name."""
    given, wanted = there_and_back(name, motion, fps), resample(motion, fps)
    assert (given.fps, given.frames) == (fps, natural_frames(motion, fps))
    assert given.skeleton.names == wanted.skeleton.names
    if issubclass(find_extractor(name), JointPlaces):
        assert np.abs(bone_directions(given) - bone_directions(wanted)).max(initial=0.0) < DIRECTION, recording
    else:
        away = np.linalg.norm(joint_positions(given) - joint_positions(wanted), axis=-1)
        assert away.max() < POSITION * wanted.skeleton.height, recording
