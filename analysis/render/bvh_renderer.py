"""Motion as a BVH file, the form that animation programs read."""

from collections.abc import Callable, Sequence
from pathlib import Path

from analysis.render.base_renderer import BaseRenderer
from feature_extraction.motion.bvh import write_bvh
from feature_extraction.motion.skeleton import Motion


class BvhRenderer(BaseRenderer):
    """Writes one motion as BVH, on its own skeleton and at its own frame rate."""

    suffix = ".bvh"
    folder = "bvh"

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
        """Write the motion; sound and texts have no place in BVH."""
        if len(motions) != 1:
            raise ValueError(f"a BVH file holds one motion, got {len(motions)} for {path}; write one file for each")
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bvh(path, motions[0])
        if progress:
            progress(motions[0].frames, motions[0].frames)
        return path
