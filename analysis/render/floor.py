"""The floor that figures stand on: a grid that fades into the air, as a moving camera sees it."""

import numpy as np
from PIL import Image, ImageDraw

from analysis.render.camera import Camera

SUPERSAMPLING = 2
SKY, HORIZON, FLOOR = np.array([[244, 243, 240], [233, 231, 226], [223, 220, 213]], dtype=np.float64)
LINE = 0.78  # brightness of the grid's lines on the floor
STEP, RADIUS = 0.5, 5.0  # of the grid, body heights
NEAREST = 0.08  # part of the camera's distance; what is nearer is not drawn


class Floor:
    """Backgrounds of one camera's pictures; the colours are painted once, since the camera never turns."""

    def __init__(self, camera: Camera):
        self._camera = camera
        plain, away = self._plain()
        fade = np.clip(1.0 - away / RADIUS, 0.0, 1.0)[..., None] ** 1.3
        lined = plain * (1.0 - (1.0 - LINE) * fade)
        self._top = int(np.argmax(fade.any(axis=(1, 2)))) if fade.any() else camera.height
        self._plain_image, self._lined_image = (
            Image.fromarray(np.clip(colours, 0, 255).round().astype(np.uint8)) for colours in (plain, lined)
        )
        self._still = None if camera.moves else self._paint(0)

    def picture(self, frame: int) -> Image.Image:
        """The empty floor (width, height) in a frame, to be drawn on."""
        return self._paint(frame) if self._still is None else self._still.copy()

    def _plain(self) -> tuple[np.ndarray, np.ndarray]:
        """Colours (height, width, 3) without lines, and each pixel's distance (height, width) from the target."""
        camera = self._camera
        x = (np.arange(camera.width) + 0.5 - camera.width / 2)[None, :, None] / camera.focal
        y = (np.arange(camera.height) + 0.5 - camera.height / 2)[:, None, None] / camera.focal
        right, down, forward = camera.rotation
        rays = forward + x * right + y * down
        fall = -rays[..., 1]
        eye = camera.targets[0] - camera.distance * forward
        reach = np.where(fall > 1e-3, eye[1] / np.maximum(fall, 1e-3), np.inf)
        with np.errstate(invalid="ignore"):
            hit = eye + reach[..., None] * rays
        away = np.where(np.isfinite(reach), np.hypot(*np.moveaxis(hit - camera.targets[0], -1, 0)[[0, 2]]), np.inf)
        near = np.exp(-((away / RADIUS) ** 2))[..., None]
        height = np.clip(-3.0 * fall, 0.0, 1.0)[..., None]
        corner = np.hypot(x * camera.focal / camera.width, y * camera.focal / camera.height)
        return (HORIZON + (FLOOR - HORIZON) * near + (SKY - HORIZON) * height) * (1.02 - 0.09 * corner**2), away

    def _paint(self, frame: int) -> Image.Image:
        camera = self._camera
        size = (camera.width * SUPERSAMPLING, (camera.height - self._top) * SUPERSAMPLING)
        picture = self._plain_image.copy()
        if not size[1]:
            return picture
        mask = Image.new("L", size)
        pen = ImageDraw.Draw(mask)
        width = max(round(camera.height * SUPERSAMPLING / 480), 1)
        lines = (self._grid(frame) - [0, self._top]) * SUPERSAMPLING
        for line in lines.reshape(-1, 4).tolist():
            pen.line(line, fill=255, width=width)
        below = (0, self._top, camera.width, camera.height)
        grid = Image.composite(self._lined_image.crop(below), picture.crop(below), mask.reduce(SUPERSAMPLING))
        picture.paste(grid, (0, self._top))
        return picture

    def _grid(self, frame: int) -> np.ndarray:
        """End points (lines, 2, 2), in pixels, of the lines in the circle around the target."""
        target = self._camera.targets[frame]
        lines = []
        for across, along in ((0, 2), (2, 0)):
            places = np.arange(np.ceil((target[across] - RADIUS) / STEP), (target[across] + RADIUS) / STEP) * STEP
            half = np.sqrt(np.maximum(RADIUS**2 - (places - target[across]) ** 2, 0.0))
            ends = np.zeros((len(places), 2, 3))
            ends[..., across] = places[:, None]
            ends[..., along] = target[along] + half[:, None] * [-1.0, 1.0]
            lines.append(ends)
        return self._camera.project(self._in_front(np.concatenate(lines), frame), frame)[0]

    def _in_front(self, lines: np.ndarray, frame: int) -> np.ndarray:
        """Lines (n, 2, 3) cut off where they pass the camera; those behind it are left out."""
        camera = self._camera
        depth = (lines - camera.targets[frame]) @ camera.rotation[2] + camera.distance * (1 - NEAREST)
        lines, depth = lines[depth.max(axis=1) > 0], depth[depth.max(axis=1) > 0]
        part = np.clip(depth / np.where(depth == depth[:, ::-1], 1.0, depth - depth[:, ::-1]), 0.0, 1.0)
        return np.where(depth[..., None] < 0, lines + part[..., None] * (lines[:, ::-1] - lines), lines)
