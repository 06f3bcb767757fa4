"""Recordings made on the spot, for benchmarks that are given none."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile

from feature_extraction.motion import rotation
from feature_extraction.motion.bvh import write_bvh
from feature_extraction.motion.mirror import twins
from feature_extraction.motion.skeleton import Motion, Skeleton

MOTION_FPS, SAMPLE_RATE = 120.0, 44100


def made_motion(path: Path, seconds: float) -> Path:
    """Write a random motion of the joints of dance, of a body that is built alike on both sides."""
    rng = np.random.default_rng(0)
    parents = {joint: parent for chain in _chains() for parent, joint in pairwise(chain)}
    names = ("Hips", *parents)
    offsets = rng.uniform(-10, 10, (len(names), 3))
    offsets[0] = 0.0
    skeleton = Skeleton(
        names, (-1, *(names.index(parent) for parent in parents.values())), offsets, ("ZXY",) * len(names)
    )
    skeleton = replace(skeleton, offsets=(offsets + offsets[twins(skeleton)] * (-1, 1, 1)) / 2)
    time = np.arange(max(1, round(seconds * MOTION_FPS)))[:, None, None] / MOTION_FPS
    turns = np.sin(rng.uniform(1, 6, (len(names), 3)) * time + rng.uniform(0, 6, (len(names), 3)))
    write_bvh(path, Motion(skeleton, MOTION_FPS, rotation.exp(turns), 100 * turns[:, :1]))
    return path


def _chains() -> Iterator[tuple[str, ...]]:
    yield "Hips", "Spine", "Spine1", "Neck", "Head"
    for side in ("Left", "Right"):
        yield "Spine1", *(side + part for part in ("Shoulder", "Arm", "ForeArm", "Hand"))
        yield "Hips", *(side + part for part in ("UpLeg", "Leg", "Foot", "ToeBase"))


def made_sound(path: Path, seconds: float) -> Path:
    """Write noise that fades with each beat over tones, in stereo."""
    rng = np.random.default_rng(0)
    time = np.arange(max(1, round(seconds * SAMPLE_RATE))) / SAMPLE_RATE
    tones = sum(np.sin(2 * np.pi * 110 * 2 ** (step / 12) * time) for step in (0, 4, 7, 12))
    sound = 0.1 * tones + 0.1 * np.exp(-20 * (time % 0.5)) * rng.standard_normal(len(time))
    soundfile.write(path, np.stack([sound, 0.5 * sound], axis=1), SAMPLE_RATE)
    return path
