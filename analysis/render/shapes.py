"""Outlines of tapered capsules, many at once: what limbs and their shadows are drawn with."""

import numpy as np

ARC_POINTS = 9  # per rounded end


def capsules(starts: np.ndarray, ends: np.ndarray, start_radii: np.ndarray, end_radii: np.ndarray) -> np.ndarray:
    """Outlines (n, 2 * ARC_POINTS, 2) of the convex hulls of n pairs of circles in the plane.

    Args:
        starts: (n, 2) centres of the first circles.
        ends: (n, 2) centres of the second circles.
        start_radii: (n,) radii of the first circles.
        end_radii: (n,) radii of the second circles.
    """
    along = ends - starts
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)
    direction = np.arctan2(along[:, 1], along[:, 0])
    # The common tangents touch both circles at this angle from the axis; if one circle holds the other, it is all.
    tangent = np.arccos(np.clip((start_radii - end_radii) / length, -1.0, 1.0))
    sweep = np.linspace(0.0, 1.0, ARC_POINTS)
    first = direction[:, None] + tangent[:, None] + sweep * (2 * np.pi - 2 * tangent[:, None])
    second = direction[:, None] - tangent[:, None] + sweep * (2 * tangent[:, None])
    return np.concatenate([_arc(starts, start_radii, first), _arc(ends, end_radii, second)], axis=1)


def _arc(centres: np.ndarray, radii: np.ndarray, angles: np.ndarray) -> np.ndarray:
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    return centres[:, None] + radii[:, None, None] * circle
