"""Motion as binary glTF 2.0, which game engines, Blender and the web read: joints, a skin of sticks, animation."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from analysis.render import gltf, sticks
from analysis.render.anatomy import LEFT, MIDDLE, RIGHT
from analysis.render.base_renderer import BaseRenderer
from analysis.render.body import COLOURS, limb_radii
from analysis.render.stance import Stance, stance_of
from feature_extraction.motion import edit, rotation
from feature_extraction.motion.skeleton import Motion, Skeleton, fk
from feature_extraction.store import atomic_path

UNITS_M = (1.0, 0.1, 0.01, 0.001, 0.0254, 0.0254 / 0.45)
"""Units of recordings in metres: m, dm, cm, mm, inch, and CMU's, 1/0.45 inch."""
PERSON_M, ODD = 1.7, 1.35
"""A person's height; someone more than so many times taller or smaller is not measured in that unit."""
STILL = 1e-9
LONE_RADIUS = 0.1  # of the ball that a skeleton without bones is drawn as, body heights
SURFACES = {MIDDLE: "middle", LEFT: "left", RIGHT: "right"}
ROUGHNESS = 0.8


class GlbRenderer(BaseRenderer):
    """Writes one motion as glTF: y up, in metres, each joint a node, animated at the motion's own frame rate."""

    suffix = ".glb"
    folder = "glb"

    def render(
        self,
        path: Path,
        motions: Sequence[Motion],
        *,
        names: Sequence[str] | None = None,
        title: str = "",
        audio: Path | None = None,
        size: tuple[int, int] | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> Path:
        """Write the motion; glTF has no sound."""
        if len(motions) != 1:
            raise ValueError(f"a glTF file is given one motion, got {len(motions)} for {path}; write one file for each")
        content = encode(motions[0], title)
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as temporary:
            temporary.write_bytes(content)
        if progress:
            progress(motions[0].frames, motions[0].frames)
        return path


def encode(motion: Motion, title: str = "") -> bytes:
    """The glTF file of a motion: its joints first among the nodes, in the skeleton's order, under their names.

    Raises:
        ValueError: if the motion has no frames, or values that are not finite.
    """
    if not motion.frames:
        raise ValueError("a motion without frames cannot be written")
    stance = stance_of(motion)
    metres = metres_per_unit(stance.height)
    upright = edit.rescale(edit.turn(motion, stance.turn), metres)
    skeleton, arrays = upright.skeleton, gltf.Arrays()
    count = len(skeleton.names)
    skin = {
        "joints": list(range(count)),
        "skeleton": 0,
        "inverseBindMatrices": arrays.add(_unbound(upright, stance.turn)),
    }
    mesh = {"name": title or "body", "primitives": _primitives(upright, stance, metres, arrays)}
    scene: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": "Terpsichore", "extras": {"metres_per_unit": metres}},
        "scene": 0,
        "scenes": [{"nodes": [0, count]}],
        "nodes": [*_nodes(upright), {"name": mesh["name"], "mesh": 0, "skin": 0}],
        "meshes": [mesh],
        "skins": [skin],
        "materials": [_material(side, name) for side, name in SURFACES.items()],
    }
    animation = _animation(upright, arrays)
    if animation["channels"]:
        scene["animations"] = [{"name": title or "motion", **animation}]
    return arrays.pack(scene)


def metres_per_unit(height: float) -> float:
    """The length of the unit in which a person is `height` tall: one in use, else such that the person is 1.7 m tall.

    >>> metres_per_unit(172.6), metres_per_unit(1.31), round(metres_per_unit(7.0), 3)
    (0.01, 1.0, 0.243)
    """
    unit = min(UNITS_M, key=lambda unit: abs(np.log(height * unit / PERSON_M)))
    return unit if 1 / ODD < height * unit / PERSON_M < ODD else PERSON_M / height


def _rest_offsets(motion: Motion) -> np.ndarray:
    """Where each joint is at first, (joints, 3) as seen from its parent."""
    offsets = motion.skeleton.offsets.copy()
    offsets[list(motion.skeleton.moving)] = motion.positions[0]
    return offsets


def _rest_places(motion: Motion, turn: np.ndarray) -> np.ndarray:
    """The joints (joints, 3) in the world at rest, where the mesh is bound to them: the zero pose stood upright."""
    offsets = _rest_offsets(motion)
    places = fk(rotation.identity(1, len(offsets)), offsets[None], motion.skeleton.parents)[1][0]
    return places[0] + rotation.mul_vec(turn, places - places[0])


def _unbound(motion: Motion, turn: np.ndarray) -> np.ndarray:
    """Inverse bind matrices (joints, 4, 4)."""
    matrices = np.tile(np.eye(4), (len(motion.skeleton.names), 1, 1))
    back = rotation.inv(turn)
    matrices[:, :3, :3] = rotation.to_matrix(back)
    matrices[:, :3, 3] = -rotation.mul_vec(back, _rest_places(motion, turn))
    return matrices.astype(np.float32)


def _nodes(motion: Motion) -> list[dict[str, Any]]:
    """The joints in the pose of the first frame."""
    skeleton = motion.skeleton
    nodes: list[dict[str, Any]] = [
        {"name": name, "translation": offset, "rotation": turn}
        for name, offset, turn in zip(
            skeleton.names, _rest_offsets(motion).tolist(), _xyzw(motion.rotations[0]).tolist(), strict=True
        )
    ]
    for joint, parent in enumerate(skeleton.parents):
        if parent >= 0:
            nodes[parent].setdefault("children", []).append(joint)
    return nodes


def _primitives(motion: Motion, stance: Stance, metres: float, arrays: gltf.Arrays) -> list[dict[str, Any]]:
    """One stick for each bone, those of each side together in one primitive with its material."""
    skeleton, tree = motion.skeleton, stance.tree
    rest, reach = _rest_places(motion, stance.turn), tree.reach
    starts, points = _ends(skeleton, rest, stance.turn)
    tall = stance.height * metres
    owners = np.array(tree.parents[1:], dtype=int)
    # A joint that slides or stretches takes the end of its bone along; others hang on their parent.
    followers = np.array([j if j in skeleton.moving else owner for j, owner in enumerate(tree.parents)][1:], dtype=int)
    radii = np.array([limb_radii(tree, reach, point)[0] for point in range(1, len(tree.parents))]).reshape(-1, 2)
    sides = np.array(tree.sides[1:], dtype=int)
    long = np.linalg.norm(points - starts, axis=1) > STILL * tall
    if not long.any():
        starts, points, radii = rest[:1], rest[:1], np.full((1, 2), LONE_RADIUS)
        owners, followers, sides, long = np.zeros(1, int), np.zeros(1, int), np.full(1, MIDDLE), np.ones(1, bool)
    primitives = []
    for material, side in enumerate(SURFACES):
        chosen = long & (sides == side)
        if chosen.any():
            mesh = sticks.capsules(starts[chosen], points[chosen], radii[chosen] * tall)
            joints = np.where(mesh.ends, followers[chosen][mesh.capsule], owners[chosen][mesh.capsule])
            primitives.append({"material": material, **_surface(mesh, joints, arrays)})
    return primitives


def _ends(skeleton: Skeleton, rest: np.ndarray, turn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both ends (bones, 3) of the bones at rest: to each joint but the root, then to the end sites."""
    owners = [joint for joint, _ in skeleton.end_sites]
    offsets = rotation.mul_vec(turn, np.array([offset for _, offset in skeleton.end_sites]).reshape(-1, 3))
    starts = np.concatenate([rest[list(skeleton.parents[1:])], rest[owners]])
    return starts, np.concatenate([rest[1:], rest[owners] + offsets])


def _surface(mesh: sticks.Mesh, joints: np.ndarray, arrays: gltf.Arrays) -> dict[str, Any]:
    bound = np.zeros((len(joints), 4), np.uint16)
    bound[:, 0] = joints
    attributes = {
        "POSITION": arrays.add(mesh.places.astype(np.float32), target=gltf.VERTICES, bounds=True),
        "NORMAL": arrays.add(mesh.normals.astype(np.float32), target=gltf.VERTICES),
        "JOINTS_0": arrays.add(bound, target=gltf.VERTICES),
        "WEIGHTS_0": arrays.add(np.eye(1, 4, dtype=np.float32).repeat(len(joints), axis=0), target=gltf.VERTICES),
    }
    indices = arrays.add(mesh.triangles.reshape(-1).astype(np.uint32), target=gltf.INDICES)
    return {"attributes": attributes, "indices": indices}


def _material(side: int, name: str) -> dict[str, Any]:
    """A matt surface; colours are linear in glTF, by IEC 61966-2-1."""
    colour = np.array(COLOURS[side]) / 255
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    surface = {"baseColorFactor": [*linear.round(5).tolist(), 1.0], "metallicFactor": 0.0, "roughnessFactor": ROUGHNESS}
    return {"name": name, "pbrMetallicRoughness": surface}


def _animation(motion: Motion, arrays: gltf.Arrays) -> dict[str, list[dict[str, Any]]]:
    """Channels and samplers of what moves; what is still is in the nodes."""
    tracks = [
        ("rotation", j, _xyzw(rotation.continuous(motion.rotations[:, j]))) for j in range(len(motion.skeleton.names))
    ]
    tracks += [("translation", j, motion.positions[:, place]) for place, j in enumerate(motion.skeleton.moving)]
    tracks = [track for track in tracks if np.ptp(track[2], axis=0).max() > STILL]
    channels: list[dict[str, Any]] = []
    samplers: list[dict[str, Any]] = []
    if tracks:
        times = arrays.add((np.arange(motion.frames) / motion.fps).astype(np.float32), bounds=True)
    for path, joint, values in tracks:
        channels.append({"sampler": len(samplers), "target": {"node": joint, "path": path}})
        samplers.append({"input": times, "output": arrays.add(values.astype(np.float32)), "interpolation": "LINEAR"})
    return {"channels": channels, "samplers": samplers}


def _xyzw(quaternions: np.ndarray) -> np.ndarray:
    """Quaternions (..., 4) with the real part last, as glTF has them."""
    return np.roll(quaternions, -1, axis=-1)
