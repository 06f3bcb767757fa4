"""Motion as a page that any browser opens, without a network: figures to walk around, with the sound as the clock."""

import base64
import html
import json
import re
from collections.abc import Callable, Sequence
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from analysis.render.base_renderer import BaseRenderer
from analysis.render.body import COLOURS, Body, Part, body_of
from analysis.render.camera import alike, follow
from analysis.render.layout import FIGURE_ASPECT, boxes
from analysis.render.sound import Sound
from feature_extraction.motion.skeleton import Motion
from feature_extraction.store import atomic_path

SIZE = (1280, 720)  # pixels; the shape of page that the camera's first distance is for
INSIDE = 0.97
PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")


class HtmlRenderer(BaseRenderer):
    """Writes motions as one self-contained page: play, pause, scrub, speed, orbit, joints by name, side by side."""

    suffix = ".html"
    folder = "html"
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
        """Write the page; motions keep their own frame rates, and the sound has the length of the longest."""
        path = Path(path)
        scene = _scene(motions, names or [""] * len(motions), size or SIZE)
        if audio:
            scene["sound"] = _mp3(audio, max(motion.duration_s for motion in motions))
        page = _page(title, scene)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as temporary:
            temporary.write_text(page, encoding="utf-8", newline="\n")
        if progress:
            frames = sum(motion.frames for motion in motions)
            progress(frames, frames)
        return path


def _page(title: str, scene: dict[str, Any]) -> str:
    assets = files("analysis.render") / "assets"
    texts = {name: (assets / f"viewer.{name}").read_text(encoding="utf-8") for name in ("html", "css", "js")}
    parts = {
        "title": html.escape(title or "motion"),
        "style": texts["css"],
        # Within a script element only this could end it.
        "scene": json.dumps(scene, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c"),
        "three": (assets / "three.min.js").read_text(encoding="utf-8"),
        "script": texts["js"],
    }
    return PLACEHOLDER.sub(lambda match: parts[match[1]], texts["html"])


def _scene(motions: Sequence[Motion], names: Sequence[str], size: tuple[int, int]) -> dict[str, Any]:
    """What the viewer reads: the motions, their colours, and where the camera begins."""
    if not all(motion.frames for motion in motions):
        raise ValueError("a motion without frames cannot be shown")
    bodies = [body_of(motion) for motion in motions]
    left, top, right, bottom = boxes(len(motions), *size)[0]
    cameras = alike(
        [
            follow(body.points, body.root, body.forward, motion.fps, right - left, bottom - top)
            for body, motion in zip(bodies, motions, strict=True)
        ]
    )
    return {
        "motions": [
            _motion(motion, body, camera.targets, name) | {"turn": cameras[0].heading - camera.heading}
            for motion, body, camera, name in zip(motions, bodies, cameras, names, strict=True)
        ],
        "colours": [f"#{bytes(COLOURS[side]).hex()}" for side in sorted(COLOURS)],
        "aspect": FIGURE_ASPECT,
        "direction": cameras[0].rotation[2].tolist(),
        "distance": cameras[0].distance,
    }


def _motion(motion: Motion, body: Body, targets: np.ndarray, name: str) -> dict[str, Any]:
    bones = [
        # The round corners of the trunk are as thick as the limbs that begin there: these are to be seen.
        [*ends, *(INSIDE * np.array(radii) if part.polygon else radii), part.side]
        for part in body.parts
        for ends, radii in zip(part.bones.tolist(), part.radii.tolist(), strict=True)
    ]
    return {
        "name": name,
        "fps": motion.fps,
        "frames": motion.frames,
        "joints": list(motion.skeleton.names),
        "parents": list(motion.skeleton.parents),
        "count": body.points.shape[1],
        "points": _base64(body.stance.unplace(body.points)),
        "targets": _base64(targets),
        "placement": body.stance.matrix.T.ravel().tolist(),  # columns first
        "bones": bones,
        "triangles": [_triangle(part) for part in body.parts if part.polygon],
    }


def _triangle(part: Part) -> dict[str, Any]:
    """The three corners of a part's polygon, with the radii of the bones that end in them."""
    thick = dict(zip(part.bones.ravel().tolist(), part.radii.ravel().tolist(), strict=True))
    corners = list(map(int, part.polygon))
    return {"corners": corners, "radii": [INSIDE * thick[corner] for corner in corners], "side": part.side}


def _base64(values: np.ndarray) -> str:
    """Numbers as little-endian float32."""
    return base64.b64encode(values.astype("<f4").tobytes()).decode()


def _mp3(audio: Path, duration_s: float) -> str:
    """The sound in a form that every browser plays."""
    import av

    buffer = BytesIO()
    with av.open(buffer, "w", format="mp3") as file:
        file.mux(Sound(audio, duration_s, file, "libmp3lame").packets())
    return base64.b64encode(buffer.getvalue()).decode()
