"""Skeletons, motions and BVH texts made from a seed, and where the real ones are, for the tests of motion."""

from pathlib import Path

import numpy as np

from feature_extraction.motion import rotation
from feature_extraction.motion.skeleton import Motion, Skeleton

PLAIN_BVH = """HIERARCHY
ROOT Hips
{
  OFFSET 1 2 3
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Spine
  {
    OFFSET 0 10 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 0 5 0
    }
  }
}
MOTION
Frames: 3
Frame Time: 0.0333333
0 90 0 10 20 30 40 50 60
1 91 1 11 21 31 41 51 61
2 92 2 12 22 32 42 52 62
"""
ARM = ("Shoulder", "Arm", "ForeArm", "Hand")
LEG = ("UpLeg", "Leg", "Foot", "ToeBase")
ORDERS = ("XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX")


def human_tree(spine: tuple[str, ...] = ("Spine", "Spine1")) -> list[tuple[str, str]]:
    """Give (name, parent's name) of a body with Mixamo's names, a thumb on each hand, and any spine."""
    tree = [("Hips", "")]
    tree += zip(spine, ("Hips", *spine), strict=False)
    tree += [("Neck", spine[-1]), ("Head", "Neck")]
    for side in ("Left", "Right"):
        arm = [side + part for part in (*ARM, "HandThumb1")]
        leg = [side + part for part in LEG]
        tree += zip(arm, [spine[-1], *arm], strict=False)
        tree += zip(leg, ["Hips", *leg], strict=False)
    return tree


def human(
    rng: np.random.Generator, moving: tuple[str, ...] = (), spine: tuple[str, ...] = ("Spine", "Spine1")
) -> Skeleton:
    """Give an asymmetric human skeleton, about 170 units tall, whose joints have any Euler order."""
    names, parents = zip(*human_tree(spine), strict=True)
    offsets = rng.uniform(-3, 3, (len(names), 3))
    offsets[0] = 0
    for j, name in enumerate(names):
        side = {"L": 1, "R": -1}.get(name[0] if name.startswith(("Left", "Right")) else "", 0)
        if name.endswith(LEG) and not name.endswith("UpLeg"):
            offsets[j, 1] -= 40
        elif side:
            offsets[j, 0] += 20 * side
        elif j:
            offsets[j, 1] += 20
    leaves = [j for j, name in enumerate(names) if name not in parents]
    ends = tuple((j, tuple(rng.uniform(-5, 5, 3).tolist())) for j in [*leaves, leaves[0]])
    return Skeleton(
        names=names,
        parents=tuple(names.index(parent) if parent else -1 for parent in parents),
        offsets=offsets,
        orders=tuple(rng.choice(ORDERS, len(names)).tolist()),
        end_sites=tuple(sorted(ends)),
        moving=(0, *(names.index(name) for name in moving)),
    )


def wander(rng: np.random.Generator, skeleton: Skeleton, frames: int, fps: float, turns: float = 1.5) -> Motion:
    """Give a smooth random motion of that skeleton, whose root turns `turns` times round while it travels."""
    bend = smooth(rng, frames, (len(skeleton.names), 3))
    rotations = rotation.exp(1.2 * bend)
    heading = np.linspace(0, 2 * np.pi * turns, frames)
    rotations[:, 0] = rotation.mul(rotation.yaw(heading), rotation.exp(0.3 * bend[:, 0]))
    positions = skeleton.height / 20 * smooth(rng, frames, (len(skeleton.moving), 3))
    positions += skeleton.offsets[list(skeleton.moving)]
    positions[:, 0] += skeleton.height * np.column_stack([np.sin(heading), np.ones(frames), heading / 3])
    return Motion(skeleton, fps, rotations, positions)


def below(motion: Motion, name: str = "world", others: int = 0) -> Motion:
    """The same motion below a still root, which may have other children."""
    skeleton = motion.skeleton
    still = Skeleton(
        (name, *(f"prop{place}" for place in range(others)), *skeleton.names),
        (-1, *[0] * others, 0, *(parent + 1 + others for parent in skeleton.parents[1:])),
        np.concatenate([np.zeros((1 + others, 3)), skeleton.offsets]),
        (*["ZXY"] * (1 + others), *skeleton.orders),
        tuple((j + 1 + others, end) for j, end in skeleton.end_sites),
        moving=(0, *(j + 1 + others for j in skeleton.moving)),
    )
    rotations = np.concatenate([rotation.identity(motion.frames, 1 + others), motion.rotations], axis=1)
    return Motion(still, motion.fps, rotations, np.insert(motion.positions, 0, 0.0, axis=1))


def any_motion(rng: np.random.Generator, frames: int, fps: float) -> Motion:
    """Give a random tree of up to 29 joints of any size and Euler orders, some of which slide, in smooth motion."""
    count = int(rng.integers(1, 30))
    offsets = rng.normal(size=(count, 3)) * 10 ** rng.uniform(-4, 4)
    offsets[0] = 0
    skeleton = Skeleton(
        names=tuple(f"joint {j}" for j in range(count)),
        parents=(-1, *(int(rng.integers(j)) for j in range(1, count))),
        offsets=offsets,
        orders=tuple(rng.choice(ORDERS, count).tolist()),
        moving=(0, *(j for j in range(1, count) if rng.random() < 0.2)),
    )
    return wander(rng, skeleton, frames, fps)


def smooth(rng: np.random.Generator, frames: int, shape: tuple[int, ...]) -> np.ndarray:
    """Give (frames, *shape) values of about unit size: three slow waves each."""
    time = np.arange(frames).reshape(-1, 1, *(1 for _ in shape)) / 60
    rate, phase = rng.uniform(0.5, 6, (3, *shape)), rng.uniform(0, 2 * np.pi, (3, *shape))
    return np.sin(rate * time + phase).mean(axis=1) * np.sqrt(6 / 3)


def random_rotations(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Give uniformly random unit quaternions (*shape, 4)."""
    return rotation.normalise(rng.standard_normal((*shape, 4)))


def recordings(shared_data: Path) -> list[Path]:
    """Give the real BVH files, of which there are some."""
    paths = sorted((shared_data / "bvh").glob("*.bvh"))
    assert paths, f"no BVH in {shared_data}"
    return paths
