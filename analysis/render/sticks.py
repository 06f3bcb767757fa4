"""A mesh of capsules along bones: what has no skin gets one."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from feature_extraction.motion import rotation

AROUND, RINGS = 8, 3  # vertices of a ring; rings of a rounded end, its pole left out
UP = np.array([0.0, 1.0, 0.0])


@dataclass(frozen=True)
class Mesh:
    """Vertices and triangles; counter-clockwise triangles are seen from outside."""

    places: np.ndarray  # (vertices, 3)
    normals: np.ndarray  # (vertices, 3)
    ends: np.ndarray  # (vertices,) False at the first end of the capsule that a vertex belongs to, True at the second
    capsule: np.ndarray  # (vertices,) which capsule that is
    triangles: np.ndarray  # (triangles, 3) indices of vertices


def capsules(starts: np.ndarray, ends: np.ndarray, radii: np.ndarray) -> Mesh:
    """The mesh of capsules from `starts` (n, 3) to `ends` (n, 3), with `radii` (n, 2) at both ends."""
    directions, second, triangles = _pattern()
    along = ends - starts
    turned = np.zeros((len(along), 4))
    long = np.linalg.norm(along, axis=1) > 0
    turned[:] = rotation.identity()
    turned[long] = rotation.between(np.broadcast_to(UP, along[long].shape), along[long])
    normals = rotation.mul_vec(turned[:, None], directions)
    centres = np.where(second[None, :, None], ends[:, None], starts[:, None])
    places = centres + np.where(second, radii[:, 1:], radii[:, :1])[..., None] * normals
    count = len(directions)
    shifted = triangles + count * np.arange(len(starts))[:, None, None]
    return Mesh(
        places.reshape(-1, 3),
        normals.reshape(-1, 3),
        np.tile(second, len(starts)),
        np.repeat(np.arange(len(starts)), count),
        shifted.reshape(-1, 3),
    )


@cache
def _pattern() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of a capsule along y: directions (vertices, 3) from its ends, which end (vertices,), triangles (n, 3)."""
    tilts = np.radians(90 * np.arange(1, RINGS + 1) / RINGS)  # from the pole to the equator
    turns = 2 * np.pi * np.arange(AROUND) / AROUND
    ring = np.stack([np.sin(turns), np.zeros(AROUND), np.cos(turns)], axis=-1)
    heights = np.concatenate([-np.cos(tilts), np.cos(tilts[::-1])])
    widths = np.concatenate([np.sin(tilts), np.sin(tilts[::-1])])
    body = (widths[:, None, None] * ring + heights[:, None, None] * UP).reshape(-1, 3)
    directions = np.concatenate([-UP[None], body, UP[None]])
    second = np.arange(len(directions)) > RINGS * AROUND
    last = len(directions) - 1
    triangles = []
    for here in range(AROUND):
        there = (here + 1) % AROUND
        triangles += [(0, 1 + there, 1 + here), (last, last - AROUND + here, last - AROUND + there)]
        for row in range(2 * RINGS - 1):
            low, high = 1 + row * AROUND, 1 + (row + 1) * AROUND
            triangles += [(low + here, low + there, high + there), (low + here, high + there, high + here)]
    return directions, second, np.array(triangles)
