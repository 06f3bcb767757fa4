"""A perspective camera that looks down a little at a moving figure and follows it smoothly."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter1d

FIELD_OF_VIEW = np.radians(24.0)  # vertical; a long lens keeps the proportions of the body
PITCH = np.radians(11.0)
SIDE_ANGLE = np.radians(28.0)  # off the front, so that steps forwards and backwards are seen
FOLLOW_S = 0.8  # standard deviation of the smoothing of the camera's path, seconds
STILL_RANGE = 0.3  # a path that stays within this diagonal, in body heights, is watched by a camera at rest
MARGIN = 0.88  # part of the half picture that the figure may fill


@dataclass(frozen=True)
class Camera:
    """Pinhole camera with constant direction and distance whose target moves.

    Args:
        targets: (frames, 3) point in the middle of the picture, per frame, y up.
        rotation: (3, 3) rows are the camera's right, down and forward axes.
        distance: from the camera to the target.
        width: of the picture, pixels.
        height: of the picture, pixels.
    """

    targets: np.ndarray
    rotation: np.ndarray
    distance: float
    width: int
    height: int

    @property
    def focal(self) -> float:
        """Focal length in pixels."""
        return focal_length(self.width, self.height)

    @property
    def heading(self) -> float:
        """Where the camera looks, radians about y from z."""
        x, _, z = self.rotation[2]
        return float(np.arctan2(x, z))

    @property
    def moves(self) -> bool:
        """Whether the target changes from frame to frame."""
        return len(self.targets) > 1 and bool(np.ptp(self.targets, axis=0).any())

    def project(self, points: np.ndarray, frame: int) -> tuple[np.ndarray, np.ndarray]:
        """Pixels (..., 2) and depths (...) of `points` (..., 3) as seen in `frame`; depths are kept positive."""
        seen = (points - self.targets[frame]) @ self.rotation.T
        depth = np.maximum(seen[..., 2] + self.distance, 0.05 * self.distance)
        centre = np.array([self.width / 2, self.height / 2])
        return centre + self.focal * seen[..., :2] / depth[..., None], depth


def follow(points: np.ndarray, root: np.ndarray, forward: np.ndarray, fps: float, width: int, height: int) -> Camera:
    """Camera that keeps a figure in the picture and stands at its mean front, a little to the side.

    Args:
        points: (frames, points, 3) of the figure, y up, in body heights, the floor at y = 0.
        root: (frames, 3) of the figure's root.
        forward: (frames, 3) horizontal direction that the figure faces.
        fps: frames per second.
        width: of the picture, pixels.
        height: of the picture, pixels.
    """
    targets = _path(root, fps)
    targets[:, 1] = 0.47 * np.percentile(points[..., 1].max(axis=1), 95)
    rotation = _rotation(_front(forward))
    seen = (points - targets[:, None]) @ rotation.T
    focal = focal_length(width, height)
    half = 0.5 * MARGIN * np.array([width, height])
    needed = (focal * np.abs(seen[..., :2]) / half).max(axis=-1) - seen[..., 2]
    distance = max(float(np.percentile(needed.max(axis=1), 99.5)), 1.0)
    return Camera(targets, rotation, distance, width, height)


def alike(cameras: Sequence[Camera]) -> list[Camera]:
    """The same cameras at one distance and one height, the largest, so that figures side by side can be compared."""
    distance = max(camera.distance for camera in cameras)
    height = max(float(camera.targets[0, 1]) for camera in cameras)
    moved = [camera.targets * [1.0, 0.0, 1.0] + [0.0, height, 0.0] for camera in cameras]
    return [replace(camera, targets=targets, distance=distance) for camera, targets in zip(cameras, moved, strict=True)]


def focal_length(width: int, height: int) -> float:
    """Focal length in pixels of a picture of this size; portrait pictures take the same angle of their width."""
    return 0.5 * min(width, height) / float(np.tan(FIELD_OF_VIEW / 2))


def _path(root: np.ndarray, fps: float) -> np.ndarray:
    """Where the camera looks, (frames, 3): the root's path smoothed, or its middle where it hardly moves."""
    path = gaussian_filter1d(root, FOLLOW_S * fps, axis=0, mode="nearest")
    lowest, highest = path.min(axis=0), path.max(axis=0)
    if np.hypot(*(highest - lowest)[[0, 2]]) <= STILL_RANGE:
        return np.broadcast_to(0.5 * (lowest + highest), path.shape).copy()
    return path


def _front(forward: np.ndarray) -> float:
    """Mean heading about y in radians; that of the first frame where the figure turns through all directions."""
    mean = forward.mean(axis=0)
    if np.hypot(mean[0], mean[2]) < 0.3:
        mean = forward[0]
    return float(np.arctan2(mean[0], mean[2]))


def _rotation(heading: float) -> np.ndarray:
    """Camera axes (3, 3) of one who stands in front of a figure of this heading."""
    yaw = heading + SIDE_ANGLE
    forward = -np.array([np.sin(yaw) * np.cos(PITCH), np.sin(PITCH), np.cos(yaw) * np.cos(PITCH)])
    right = np.cross(forward, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(forward, right), forward])
