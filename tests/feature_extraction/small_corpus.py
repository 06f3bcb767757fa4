"""Small recordings made on the spot: a person of six joints who sways, and tones with clicks."""

from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from feature_extraction.extract import Report, extract
from feature_extraction.motion import rotation
from feature_extraction.motion.bvh import write_bvh
from feature_extraction.motion.skeleton import Motion, Skeleton
from feature_extraction.store import feature_path, load_array

SAMPLE_RATE = 22050
RECIPE = """\
fps: 20
features:
  expmap: {source: motion, extractors: [{name: expmap, joints: all}], remove_constants: true, scale: standard}
  sound: {source: audio, extractors: [{name: mel, n_mels: 8}], scale: standard}
"""
MOTION, SOUND = "expmap_cr_scaled_20", "sound_scaled_20"
"""What the recipe makes."""
NAMES = ("Hips", "Spine", "LeftArm", "RightArm", "LeftLeg", "RightLeg")


def swaying(seed: int, seconds: float = 2.0, fps: float = 60.0, names: tuple[str, ...] = NAMES) -> Motion:
    """Give a motion in which the Spine is still, the other joints turn and the root walks."""
    generator = np.random.default_rng(seed)
    offsets = np.array([[0, 0, 0], [0, 50, 0], [20, 30, 0], [-20, 30, 0], [10, -10, 0], [-10, -10, 0]], float)
    offsets[1:] *= generator.uniform(0.98, 1.02)
    skeleton = Skeleton(
        names, (-1, 0, 1, 1, 0, 0), offsets, ("ZXY",) * 6, tuple((j, (0.0, -40.0, 0.0)) for j in (4, 5))
    )
    times = np.arange(round(seconds * fps)) / fps
    phases = generator.uniform(0, 2 * np.pi, (6, 3))
    vectors = 0.5 * np.sin(2 * np.pi * times[:, None, None] + phases)
    vectors[:, 1] = 0.1
    path = np.stack([30 * times, 90 + np.sin(7 * times), 5 * np.sin(times)], axis=1)
    return Motion(skeleton, fps, rotation.exp(vectors), path[:, None])


def clicking(seed: int, seconds: float = 2.0, sample_rate: int = SAMPLE_RATE) -> np.ndarray:
    """Give a tone with a click each half second."""
    generator = np.random.default_rng(seed)
    times = np.arange(round(seconds * sample_rate)) / sample_rate
    sound = 0.1 * np.sin(2 * np.pi * generator.uniform(200, 800) * times) + 0.01 * generator.normal(size=len(times))
    sound[:: sample_rate // 2] += 0.8
    return sound


def add_pair(folder: Path, sequence_id: str, seed: int, seconds: float = 2.0, sound_s: float | None = None) -> None:
    """Write `<sequence_id>.bvh` and `.wav`."""
    write_bvh(folder / f"{sequence_id}.bvh", swaying(seed, seconds))
    soundfile.write(folder / f"{sequence_id}.wav", clicking(seed, sound_s or seconds), SAMPLE_RATE)


def make_corpus(folder: Path, count: int = 5) -> Path:
    """Make a folder of pairs s0, s1, ... and the recipe `small.yaml`; give the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(count):
        add_pair(folder, f"s{seed}", seed)
    (folder / "small.yaml").write_text(RECIPE, encoding="utf-8")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Give the bytes of each file in a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def run(folder: Path, **options: Any) -> Report:
    """Extract a small corpus by its own recipe, in this process."""
    return extract(folder, **{"recipe": folder / "small.yaml", "jobs": 1, "progress": False} | options)


def values(folder: Path, sequence_id: str, feature: str) -> np.ndarray:
    """Give the array of a sequence."""
    return np.array(load_array(feature_path(folder, sequence_id, feature)))
