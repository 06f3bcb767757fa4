"""BVH tools: what is in a recording; cut, shift, rescale, resample, mirror and reorder it."""

import argparse
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

import command
from feature_extraction.motion import edit, rotation
from feature_extraction.motion.bvh import read_bvh, write_bvh
from feature_extraction.motion.mirror import mirror
from feature_extraction.motion.resample import resample
from feature_extraction.motion.skeleton import Motion, Skeleton, joint_positions

Change = Callable[[Motion, argparse.Namespace], Motion]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    options = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if options.tool == "info":
        print("\n".join(line for path in options.files for line in info(path, joints=options.joints)))
        return 0
    for source, target in pairs(options.input, options.output, (".bvh",), replace_existing=options.replace_existing):
        motion = options.change(read_bvh(source), options)
        target.parent.mkdir(parents=True, exist_ok=True)
        write_bvh(target, motion)
        print(f"{target}: {motion.frames} frames at {motion.fps:.6g} fps")
    return 0


def info(path: Path, *, joints: bool = False) -> list[str]:
    """Give the lines that describe a recording; with `joints` its tree as well, with the length of each bone."""
    motion = read_bvh(path)
    skeleton = motion.skeleton
    places = joint_positions(motion, end_sites=True)
    low, high = places.min(axis=(0, 1)), places.max(axis=(0, 1))
    orders = dict.fromkeys(order for order in skeleton.orders if order)
    lines = [
        f"{path}",
        f"  time      {motion.frames} frames at {motion.fps:.6g} fps, {motion.duration_s:.3f} s",
        f"  skeleton  {len(skeleton.names)} joints, {len(skeleton.end_sites)} end sites, {skeleton.height:.6g} high",
        f"  rotates   {', '.join(orders) or 'nothing'}",
        f"  moves     {', '.join(skeleton.names[joint] for joint in skeleton.moving)}",
        "  space     " + ", ".join(f"{axis} {a:.6g} to {b:.6g}" for axis, a, b in zip("xyz", low, high, strict=True)),
    ]
    return [*lines, *(_tree(skeleton) if joints else [])]


def pairs(
    source: Path, target: Path, suffixes: Sequence[str], *, replace_existing: bool = False
) -> list[tuple[Path, Path]]:
    """Give what is read and what is written: one file, or each file of a folder that ends in one of `suffixes`.

    A folder becomes a folder; a file written to a folder that exists keeps its name. FileNotFoundError where there is
    nothing to read; ValueError where an input would be overwritten, or something that exists without
    `replace_existing`.
    """
    if source.is_dir():
        files = sorted(path for path in source.iterdir() if path.suffix.lower() in suffixes)
        if not files:
            raise FileNotFoundError(f"no file {' or '.join('*' + suffix for suffix in suffixes)} in {source}")
        found = [(path, target / f"{path.stem}.bvh") for path in files]
    elif source.exists():
        found = [(source, target / f"{source.stem}.bvh" if target.is_dir() else target)]
    else:
        raise FileNotFoundError(f"no file or folder {source}")
    outputs: dict[Path, Path] = {}
    for path, output in found:
        if output.exists() and output.samefile(path):
            raise ValueError(f"{output} would be overwritten by itself; recordings stay as they are, name another file")
        if output in outputs:
            raise ValueError(f"{outputs[output].name} and {path.name} would both become {output}")
        if output.exists() and not replace_existing:
            raise ValueError(f"{output} is there already; give another name, or --replace_existing")
        outputs[output] = path
    return found


def _cut(motion: Motion, options: argparse.Namespace) -> Motion:
    return edit.cut(motion, options.start, options.stop)


def _shift(motion: Motion, options: argparse.Namespace) -> Motion:
    motion = edit.turn(motion, edit.UPRIGHT[options.up])
    motion = edit.turn(motion, rotation.yaw(np.radians(options.turn)))
    motion = edit.to_floor(motion) if options.floor else motion
    motion = edit.to_origin(motion) if options.origin else motion
    return edit.shift(motion, options.by)


def _rescale(motion: Motion, options: argparse.Namespace) -> Motion:
    factor = options.height / motion.skeleton.height if options.by is None else options.by
    return edit.rescale(motion, factor)


def _resample(motion: Motion, options: argparse.Namespace) -> Motion:
    return resample(motion, options.fps)


def _mirror(motion: Motion, options: argparse.Namespace) -> Motion:
    return mirror(motion)


def _reorder(motion: Motion, options: argparse.Namespace) -> Motion:
    motion = edit.reorder(motion, read_bvh(options.like).skeleton) if options.like else motion
    return edit.with_euler_order(motion, options.euler_order) if options.euler_order else motion


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m feature_extraction.bvh_tools",
        description="Tools for BVH files. IN is a file or a folder, OUT what is written; nothing is changed in place.",
        allow_abbrev=False,
    )
    tools = parser.add_subparsers(dest="tool", required=True, metavar="TOOL")
    tool = tools.add_parser("info", help="what is in a file", allow_abbrev=False)
    tool.add_argument("files", type=Path, nargs="+", metavar="FILE")
    tool.add_argument("--joints", action="store_true", help="show the joints as a tree")

    tool = _changing(tools, "cut", _cut, "keep a stretch of time")
    tool.add_argument("--start", type=float, default=0.0, metavar="S", help="its first second (%(default)g)")
    tool.add_argument("--stop", type=float, metavar="S", help="the second before which it ends (default: the end)")

    tool = _changing(tools, "shift", _shift, "move and turn it as a whole")
    tool.add_argument(
        "--by", type=float, nargs=3, default=(0, 0, 0), metavar=("X", "Y", "Z"), help="in the file's unit"
    )
    tool.add_argument("--turn", type=float, default=0.0, metavar="DEGREES", help="about the vertical axis")
    tool.add_argument("--up", choices=edit.UPRIGHT, default="y", help="the axis that is up now becomes y (--up=-y)")
    tool.add_argument("--floor", action="store_true", help="the lowest point of all frames comes to y = 0")
    tool.add_argument("--origin", action="store_true", help="the root begins at x = z = 0")

    tool = _changing(tools, "rescale", _rescale, "make it larger or smaller")
    size = tool.add_mutually_exclusive_group(required=True)
    size.add_argument("--by", type=float, metavar="FACTOR", help="for example 0.01: from centimetres to metres")
    size.add_argument("--height", type=float, metavar="H", help="of the skeleton at rest, in the unit that is wanted")

    tool = _changing(tools, "resample", _resample, "change the frame rate")
    tool.add_argument("--fps", type=float, required=True, help="frames per second, any ratio")

    _changing(tools, "mirror", _mirror, "exchange left and right")

    tool = _changing(tools, "reorder", _reorder, "put joints and Euler axes in another order")
    tool.add_argument("--like", type=Path, metavar="FILE", help="a BVH file whose order is wanted")
    tool.add_argument("--euler_order", metavar="ZXY", help="for all joints")
    return parser


def _changing(
    tools: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, change: Change, text: str
) -> argparse.ArgumentParser:
    tool = tools.add_parser(name, help=text, allow_abbrev=False)
    tool.set_defaults(change=change)
    tool.add_argument("input", type=Path, metavar="IN", help="a BVH file, or a folder of them")
    tool.add_argument("output", type=Path, metavar="OUT", help="the file, or the folder, that is written")
    tool.add_argument("--replace_existing", action="store_true", help="overwrite files that are there already")
    return tool


def _tree(skeleton: Skeleton) -> list[str]:
    depths: list[int] = []
    for parent in skeleton.parents:
        depths.append(depths[parent] + 1 if parent >= 0 else 0)
    lengths = np.linalg.norm(skeleton.offsets, axis=1)
    rows = zip(skeleton.names, depths, lengths, skeleton.orders, strict=True)
    return [f"    {'  ' * depth}{name}  {length:.6g}  {order or '-'}" for name, depth, length, order in rows]


if __name__ == "__main__":
    command.run(main)
