"""The speed of writing motion in each form, and how large the files are."""

import argparse
import tempfile
from functools import partial
from pathlib import Path

import numpy as np

import registry
from analysis.benchmark_recordings import made_motion
from analysis.render.base_renderer import BaseRenderer
from analysis.timing import Table, wall_seconds
from feature_extraction.motion.bvh import read_bvh
from feature_extraction.motion.resample import resample
from feature_extraction.motion.skeleton import Motion
from option_values import above_zero, positive


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what can be said about the motion and its pictures."""
    parser.add_argument("bvh", nargs="?", type=Path, help="the motion (default: a random one is made)")
    parser.add_argument("--seconds", type=above_zero, default=10.0, help="as long, repeated if need be")
    parser.add_argument("--fps", type=above_zero, default=20.0, help="frame rate of the motion, as a model gives it")
    parser.add_argument(
        "--samples", type=positive, default=1, help="motions side by side, where a renderer shows several"
    )
    parser.add_argument("--render", default=",".join(registry.names("renderer")), help="comma-separated renderers")


def measure(arguments: argparse.Namespace) -> Table:
    """Write the motion with each renderer, once before it is timed; pictures have the renderers' own sizes."""
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.bvh or made_motion(Path(folder) / "motion.bvh", arguments.seconds)
        motion = _lasting(resample(read_bvh(path), arguments.fps), arguments.seconds)
    joints = len(motion.skeleton.names)
    table: Table = [("motion", f"{motion.duration_s:.1f} s, {motion.fps:g} frames/s, {joints} joints")]
    for name in arguments.render.split(","):
        renderer: BaseRenderer = registry.find("renderer", name)()
        motions = [motion] * (arguments.samples if renderer.compares else 1)
        with tempfile.TemporaryDirectory() as folder:
            write = partial(renderer.render, Path(folder) / f"motion{renderer.suffix}", motions)
            size = write().stat().st_size
            seconds = wall_seconds(write)
        speed = f"{motion.duration_s / seconds:,.1f} times real time"
        table.append((name, f"{speed}, {seconds:.3f} s, {size / motion.duration_s / 1e3:,.0f} kB a second"))
    return table


def _lasting(motion: Motion, seconds: float) -> Motion:
    """The first `seconds` of a motion, which begins anew when it is over."""
    index = np.arange(max(round(seconds * motion.fps), 1)) % motion.frames
    return Motion(motion.skeleton, motion.fps, motion.rotations[index], motion.positions[index])
