"""Motion as a small moving picture that plays wherever pictures are shown, in chats and on pages of text."""

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

from analysis.render.base_renderer import BaseRenderer
from analysis.render.drawing import Scene
from feature_extraction.motion.resample import resample
from feature_extraction.motion.skeleton import Motion
from feature_extraction.store import atomic_path

log = logging.getLogger(__name__)

FPS = 20.0  # GIF counts hundredths of a second: 5 of them for each picture
HEIGHT, NARROWEST, WIDEST = 360, 240, 4  # pixels; width of one motion among several, and how many make it wider
LONGEST_S = 30.0
COLOURS = 64
GREYEST = 20  # difference of the channels, of 255; what has more is a figure
SAMPLED = 8  # pictures that the palette is made of


class GifRenderer(BaseRenderer):
    """Draws motions side by side at 20 frames per second, the first half minute at most, in an endless loop."""

    suffix = ".gif"
    folder = "gif"
    compares = True

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
        """Write the pictures; GIF has no sound."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        width, height = size or (max(HEIGHT, NARROWEST * min(len(motions), WIDEST)), HEIGHT)
        scene = Scene(
            [resample(motion, FPS) for motion in motions], width=width, height=height, names=names, title=title
        )
        frames = min(scene.frames, round(LONGEST_S * FPS))
        if frames < scene.frames:
            log.info("%s shows the first %g of %.1f s", path.name, LONGEST_S, scene.frames / FPS)
        with atomic_path(path) as temporary:
            write_gif(temporary, scene, FPS, frames, progress)
        return path


def write_gif(
    file: Path | IO[bytes],
    scene: Scene,
    fps: float,
    frames: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> None:
    """Write an endless GIF of the first frames of a scene, all by default; `progress` as for `BaseRenderer.render`."""
    pictures = _pictures(scene, scene.frames if frames is None else frames, progress)
    next(pictures).save(file, "GIF", save_all=True, append_images=pictures, duration=round(1000 / fps), loop=0)


def _pictures(scene: Scene, frames: int, progress: Callable[[int, int], object] | None) -> Iterator[Image.Image]:
    """The first `frames` pictures in the same few colours, so that what does not move need not be stored again."""
    some = np.unique(np.linspace(0, frames - 1, SAMPLED).astype(int)).tolist()
    palette = _palette(np.stack([scene.frame(index) for index in some]))
    for index in range(frames):
        picture = Image.fromarray(scene.frame(index))
        yield picture.quantize(palette=palette, dither=Image.Dither.NONE)
        if progress:
            progress(index + 1, frames)


def _palette(pictures: np.ndarray) -> Image.Image:
    """An image with the colours of (..., 3) uint8 `pictures`, half of them the figures': floor and air are grey."""
    pixels = pictures.reshape(-1, 3)
    strong = np.ptp(pixels.astype(int), axis=1) > GREYEST
    colours = [
        Image.fromarray(part[None]).quantize(COLOURS // 2).getpalette() or []
        for part in (pixels[~strong], pixels[strong])
        if len(part)
    ]
    palette = Image.new("P", (1, 1))
    palette.putpalette([value for part in colours for value in part])
    return palette
