"""Motion as an MP4 video with its sound: H.264 and AAC, encoded by the libraries that PyAV brings along."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import joblib
import numpy as np

from analysis.render.base_renderer import BaseRenderer
from analysis.render.drawing import Scene
from analysis.render.sound import Sound
from feature_extraction.motion.resample import resample
from feature_extraction.motion.skeleton import Motion
from feature_extraction.store import atomic_path

if TYPE_CHECKING:
    import av
    from av.container import OutputContainer

BT709 = 1  # the colour space that players expect of pictures of this size, ITU-T H.273
SMOOTHEST = 60.0  # frames per second
PIECE = 120  # frames that one process draws and encodes at a time
# Without B-frames the first picture is at time 0 in any player. Flat colours cost the fastest presets many bits; the
# macroblock tree saves them again in less time than the next preset takes.
ENCODING = {"preset": "superfast", "crf": "19", "bf": "0", "x264-params": "mbtree=1:rc-lookahead=10"}


class Mp4Renderer(BaseRenderer):
    """Draws motions side by side at 60 frames per second or a little less and puts the sound on them.

    Args:
        width: of the picture, pixels, even.
        height: of the picture, pixels, even.
    """

    suffix = ".mp4"
    folder = "videos"
    compares = True

    def __init__(self, width: int = 1280, height: int = 720):
        _check_size(width, height)
        self._size = width, height

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
        """Write the video; the sound is cut or filled with silence to the motions' own length.

        Motions are shown at `video_rate` of the first one's rate, resampled if need be; each of its frames is seen for
        1 / fps, so the video lasts exactly as long as the longest motion.
        """
        import av

        width, height = size or self._size
        _check_size(width, height)
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        fps = video_rate(motions[0].fps)
        shown = [_at_rate(motion, fps) for motion in motions]
        scene = Scene(shown, width=width, height=height, names=names, title=title)
        with atomic_path(path) as temporary, av.open(temporary, "w", options={"movflags": "+faststart"}) as video:
            sound = Sound(audio, scene.frames / fps, video) if audio else None
            for shown_s, packet in _pictures(scene, _fraction(fps), video, progress):
                video.mux(packet)
                if sound:
                    video.mux(sound.packets(until_s=shown_s))
            if sound:
                video.mux(sound.packets())
        return path


def video_rate(fps: float) -> float:
    """The rate that a motion of `fps` is shown at: its multiple, or whole part, that comes nearest to 60 from below.

    >>> [video_rate(fps) for fps in (20, 24, 50, 60, 120)]
    [60.0, 48.0, 50.0, 60.0, 60.0]
    """
    if fps <= SMOOTHEST:
        return float(fps * int(SMOOTHEST / fps + 1e-6))
    return float(fps / ceil(fps / SMOOTHEST - 1e-6))


def _check_size(width: int, height: int) -> None:
    if width % 2 or height % 2 or min(width, height) < 16:
        raise ValueError(f"a video of {width}x{height} pixels cannot be encoded: want even sizes of 16 or more")


def _at_rate(motion: Motion, fps: float) -> Motion:
    """The motion at `fps`, its last frame held for as long as the others, so that it keeps its duration."""
    frames = max(round(motion.duration_s * fps), 1)
    moved = resample(motion, fps)
    index = np.minimum(np.arange(frames), moved.frames - 1)
    return replace(moved, rotations=moved.rotations[index], positions=moved.positions[index])


def _fraction(fps: float) -> Fraction:
    """The rate as a fraction: 24000/1001 for 23.976."""
    return Fraction(round(fps * 1001), 1001) if abs(fps - round(fps)) > 1e-6 else Fraction(round(fps))


def _pictures(
    scene: Scene, fps: Fraction, video: "OutputContainer", progress: Callable[[int, int], object] | None
) -> "Iterator[tuple[float, av.Packet]]":
    """Time in seconds and packet of each picture: pieces of the scene are encoded on all cores and joined here."""
    import av

    starts = range(0, scene.frames, PIECE)
    jobs = min(joblib.cpu_count(), len(starts))
    encode = joblib.delayed(_encoded)
    pieces = joblib.Parallel(n_jobs=jobs, return_as="generator", pre_dispatch="2 * n_jobs")(
        encode(scene, start, min(start + PIECE, scene.frames), fps) for start in starts
    )
    stream = None
    for start, piece in zip(starts, pieces, strict=True):
        with av.open(BytesIO(piece), "r") as source:
            stream = stream or video.add_stream_from_template(source.streams.video[0])
            packets = [packet for packet in source.demux(video=0) if packet.size]
            for index, packet in enumerate(packets, start):
                packet.stream, packet.time_base = stream, 1 / fps
                packet.pts = packet.dts = index
                packet.duration = 1
                yield index / float(fps), packet
        if progress:
            progress(min(start + PIECE, scene.frames), scene.frames)


def _encoded(scene: Scene, start: int, stop: int, fps: Fraction) -> bytes:
    """Frames [start, stop) of a scene as a small MP4 of their own, from time 0."""
    import av

    buffer = BytesIO()
    with av.open(buffer, "w", format="mp4") as video:
        stream = video.add_stream("libx264", rate=fps, options=ENCODING)
        stream.width, stream.height = scene.width, scene.height
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.thread_count = 1
        context.colorspace = context.color_primaries = context.color_trc = BT709
        for index in range(start, stop):
            frame = av.VideoFrame.from_ndarray(scene.frame(index), format="rgb24")
            video.mux(stream.encode(frame.reformat(format="yuv420p", dst_colorspace=BT709)))
        video.mux(stream.encode())
    return buffer.getvalue()
