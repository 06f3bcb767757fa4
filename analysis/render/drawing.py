"""Pictures of motions: figures on a floor, side by side, one RGB array per frame."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from analysis.render.body import COLOURS, Body, body_of
from analysis.render.camera import Camera, alike, follow
from analysis.render.floor import HORIZON, SUPERSAMPLING, Floor
from analysis.render.layout import boxes
from analysis.render.shapes import capsules
from feature_extraction.motion.skeleton import Motion

SHADOW, TEXT, EMPTY = (146, 142, 136), (96, 94, 92), (233, 231, 226)
SHADOW_STRENGTH = 140  # of 255
LIGHT = np.array([0.35, 1.0, 0.25])  # towards the light that casts the shadow
EDGE, GLOW = 0.72, 0.16  # how much darker a limb's outline is, and how much lighter its lit side
LIT_SIDE = np.array([-0.28, -0.28])  # where a limb is lit, in radii
FAR, FADE = 0.35, 0.35  # body heights behind the middle at which colours have faded into the air, and by how much


def draw(
    motions: Sequence[Motion],
    *,
    width: int = 1280,
    height: int = 720,
    names: Sequence[str] | None = None,
    title: str = "",
) -> Iterator[np.ndarray]:
    """Frames (height, width, 3) uint8 of motions side by side; the arguments are those of `Scene`."""
    scene = Scene(motions, width=width, height=height, names=names, title=title)
    return (scene.frame(index) for index in range(scene.frames))


class Scene:
    """Motions that stand side by side, each on a floor of its own, watched by a camera of its own.

    Args:
        motions: at least one, of any skeletons, at one frame rate; a shorter one stays in its last frame.
        width: of the picture, pixels.
        height: of the picture, pixels.
        names: a caption for each motion.
        title: small text in the corner.
    """

    def __init__(
        self,
        motions: Sequence[Motion],
        *,
        width: int = 1280,
        height: int = 720,
        names: Sequence[str] | None = None,
        title: str = "",
    ):
        rates = sorted({round(motion.fps, 3) for motion in motions})
        if len(rates) != 1 or not all(motion.frames for motion in motions):
            raise ValueError(f"cannot draw motions at {rates} frames per second: want one rate, and no empty motion")
        self.frames = max(motion.frames for motion in motions)
        self._fps = motions[0].fps
        self.width, self.height = width, height
        self._texts = [((height // 36, height // 36), title, "lt")]
        self._boxes = boxes(len(motions), width, height)
        bodies = [body_of(motion) for motion in motions]
        cameras = [
            follow(body.points, body.root, body.forward, self._fps, right - left, bottom - top)
            for body, (left, top, right, bottom) in zip(bodies, self._boxes, strict=True)
        ]
        self._panels = [_Panel(body, camera) for body, camera in zip(bodies, alike(cameras), strict=True)]
        for name, (left, _, right, bottom) in zip(names or [""] * len(motions), self._boxes, strict=True):
            self._texts.append((((left + right) // 2, bottom - height // 36), name, "ms"))

    def frame(self, index: int) -> np.ndarray:
        """The picture (height, width, 3) uint8 of one frame."""
        pictures = [panel.picture(index) for panel in self._panels]
        picture = pictures[0] if len(pictures) == 1 else self._together(pictures)
        pen = ImageDraw.Draw(picture)
        minutes, seconds = divmod(index / self._fps, 60)
        corner = (self.height // 36, self.height - self.height // 36)
        for place, text, anchor in [*self._texts, (corner, f"{int(minutes)}:{seconds:05.2f}", "ls")]:
            pen.text(place, text, fill=TEXT, font=_font(max(self.height / 45, 9)), anchor=anchor)
        return np.asarray(picture)

    def _together(self, pictures: Sequence[Image.Image]) -> Image.Image:
        picture = Image.new("RGB", (self.width, self.height), EMPTY)
        for one, box in zip(pictures, self._boxes, strict=True):
            picture.paste(one, box[:2])
        return picture


class _Panel:
    """One body as its camera sees it, on a floor."""

    def __init__(self, body: Body, camera: Camera):
        self._body, self._camera, self._floor = body, camera, Floor(camera)
        parts = body.parts
        self._bones = np.concatenate([part.bones for part in parts])
        self._radii = np.concatenate([part.radii for part in parts])
        self._first = np.cumsum([0, *(len(part.bones) for part in parts)])

    def picture(self, index: int) -> Image.Image:
        index = min(index, len(self._body.points) - 1)
        picture = self._floor.picture(index)
        self._draw_shadow(picture, index)
        self._draw_body(picture, index)
        return picture

    def _draw_shadow(self, picture: Image.Image, index: int) -> None:
        """Darken the floor where the body keeps the light off, with soft edges."""
        points = self._body.points[index]
        fallen = (points - np.maximum(points[:, 1:2], 0.0) * LIGHT)[:, ::2]
        starts, ends = fallen[self._bones].swapaxes(0, 1)
        outlines = [*capsules(starts, ends, *self._radii.T)]
        outlines += [fallen[list(part.polygon)] for part in self._body.parts if part.polygon]
        lengths = np.cumsum([len(outline) for outline in outlines])
        flat = np.concatenate(outlines)
        pixels, _ = self._camera.project(np.stack([flat[:, 0], np.zeros(len(flat)), flat[:, 1]], axis=-1), index)
        blur = self._camera.height / 180
        window = self._window(pixels, 3 * blur)
        if window is None:
            return
        left, top, right, bottom = window
        mask = Image.new("L", (right - left, bottom - top))
        pen = ImageDraw.Draw(mask)
        for outline in np.split(pixels - [left, top], lengths[:-1]):
            pen.polygon(outline.ravel().tolist(), fill=SHADOW_STRENGTH)
        for _ in range(2):
            mask = mask.filter(ImageFilter.BoxBlur(blur))
        picture.paste(SHADOW, window, mask)

    def _draw_body(self, picture: Image.Image, index: int) -> None:
        """Draw the parts, the farthest first, in twice the picture's resolution."""
        pixels, depth = self._camera.project(self._body.points[index], index)
        radii = np.maximum(self._radii * (self._camera.focal / depth)[self._bones], 0.6)
        starts, ends = pixels[self._bones].swapaxes(0, 1)
        rim = self._camera.height / 480
        shapes = np.stack(
            [
                capsules(starts, ends, *(radii + rim).T),
                capsules(starts, ends, *radii.T),
                capsules(starts + LIT_SIDE * radii[:, :1], ends + LIT_SIDE * radii[:, 1:], *(0.5 * radii).T),
            ]
        )
        window = self._window(shapes[0].reshape(-1, 2), 0)
        if window is None:
            return
        corner = np.array(window[:2])
        patch = picture.crop(window)
        patch = patch.resize((patch.width * SUPERSAMPLING, patch.height * SUPERSAMPLING), Image.Resampling.NEAREST)
        pen = ImageDraw.Draw(patch)
        outer, inner, lit = ((shapes - corner) * SUPERSAMPLING).reshape(*shapes.shape[:2], -1).tolist()
        pixels = (pixels - corner) * SUPERSAMPLING
        depths = np.add.reduceat(depth[self._bones].mean(axis=1), self._first[:-1]) / np.diff(self._first)
        for number in np.argsort(-depths).tolist():
            part, bones = self._body.parts[number], slice(self._first[number], self._first[number + 1])
            edge, fill, glow = _shades(part.side, depths[number] - self._camera.distance)
            for outline in outer[bones]:
                pen.polygon(outline, fill=edge)
            for outline in inner[bones]:
                pen.polygon(outline, fill=fill)
            if part.polygon:
                pen.polygon(pixels[list(part.polygon)].ravel().tolist(), fill=fill)
            else:
                pen.polygon(lit[bones][0], fill=glow)
        picture.paste(patch.reduce(SUPERSAMPLING), window)

    def _window(self, pixels: np.ndarray, margin: float) -> tuple[int, int, int, int] | None:
        """Left, top, right and bottom of the picture's part that holds `pixels` (n, 2); None where there is none."""
        size = (self._camera.width, self._camera.height)
        left, top = np.clip(np.floor(pixels.min(axis=0) - margin), 0, size).astype(int).tolist()
        right, bottom = np.clip(np.ceil(pixels.max(axis=0) + margin), 0, size).astype(int).tolist()
        return (left, top, right, bottom) if left < right and top < bottom else None


@lru_cache
def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _shades(side: int, behind: float) -> tuple[tuple[int, ...], ...]:
    """Colours of a part's outline, of itself and of its lit side, `behind` body heights behind the middle."""
    colour = np.array(COLOURS[side], dtype=np.float64)
    colour += (HORIZON - colour) * FADE * (0.5 + 0.5 * np.clip(behind / FAR, -1.0, 1.0))
    shades = (colour * EDGE, colour, colour + (255.0 - colour) * GLOW)
    return tuple(tuple(shade.astype(int).tolist()) for shade in shades)
