"""BVH tools: what is in recordings; change them, put them on other skeletons, make them of SMPL motion."""

import argparse
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

import command
from feature_extraction.motion import edit, rotation, smpl
from feature_extraction.motion.bvh import read_bvh, write_bvh
from feature_extraction.motion.joint_guess import guess
from feature_extraction.motion.joint_map import match, read_names
from feature_extraction.motion.mirror import mirror
from feature_extraction.motion.resample import resample
from feature_extraction.motion.retarget import retarget
from feature_extraction.motion.skeleton import Motion, Skeleton, joint_positions

log = logging.getLogger(__name__)

Make = Callable[[Path, argparse.Namespace], Motion]
AXIS_HELP = "the axis that is up in IN; it becomes y (--up=-y for -y)"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    options = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if options.tool == "info":
        print("\n".join(line for path in options.files for line in info(path, joints=options.joints)))
        return 0
    read_too = [path for name, path in vars(options).items() if isinstance(path, Path) and name != "output"]
    files = pairs(options.input, options.output, options.suffixes, read_too, replace_existing=options.replace_existing)
    for source, target in files:
        motion = _made(source, options)
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
    source: Path,
    target: Path,
    suffixes: Sequence[str],
    read_too: Sequence[Path] = (),
    *,
    replace_existing: bool = False,
) -> list[tuple[Path, Path]]:
    """Give what is read and what is written: one file, or each file of a folder that ends in one of `suffixes`.

    A folder becomes a folder; a file written to a folder that exists keeps its name. FileNotFoundError where there is
    nothing to read; ValueError where what is read (or `read_too`) would be overwritten, or something that exists
    without `replace_existing`.
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
        if output.suffix.lower() != ".bvh":
            raise ValueError(f"{output} is written as BVH: give a name that ends in .bvh, or a folder that exists")
        if output in outputs:
            raise ValueError(f"{outputs[output].name} and {path.name} would both become {output}")
        if output.exists() and any(output.samefile(other) for other in (path, *read_too) if other.exists()):
            raise ValueError(f"{output} is read and would be overwritten; give another name")
        if output.exists() and not replace_existing:
            raise ValueError(f"{output} is there already; give another name, or --replace_existing")
        outputs[output] = path
    return found


def _made(path: Path, options: argparse.Namespace) -> Motion:
    """Give what a tool makes of a file, which its refusals name."""
    try:
        return options.make(path, options)
    except (ValueError, LookupError) as error:
        text = str(error.args[0] if len(error.args) == 1 else error)
        raise error if path.name in text else ValueError(f"{path}: {text}") from error


def _cut(path: Path, options: argparse.Namespace) -> Motion:
    return edit.cut(read_bvh(path), options.start, options.stop)


def _shift(path: Path, options: argparse.Namespace) -> Motion:
    motion = edit.turn(read_bvh(path), edit.UPRIGHT[options.up])
    motion = edit.turn(motion, rotation.yaw(np.radians(options.turn)))
    motion = edit.to_floor(motion) if options.floor else motion
    motion = edit.to_origin(motion) if options.origin else motion
    return edit.shift(motion, options.by)


def _rescale(path: Path, options: argparse.Namespace) -> Motion:
    motion = read_bvh(path)
    factor = options.height / motion.skeleton.height if options.by is None else options.by
    return edit.rescale(motion, factor)


def _resample(path: Path, options: argparse.Namespace) -> Motion:
    return resample(read_bvh(path), options.fps)


def _mirror(path: Path, options: argparse.Namespace) -> Motion:
    return mirror(read_bvh(path))


def _reorder(path: Path, options: argparse.Namespace) -> Motion:
    motion = read_bvh(path)
    motion = edit.reorder(motion, read_bvh(options.like).skeleton) if options.like else motion
    return edit.with_euler_order(motion, options.euler_order) if options.euler_order else motion


def _retarget(path: Path, options: argparse.Namespace) -> Motion:
    motion, target = read_bvh(path), read_bvh(options.skeleton)
    names = read_names(options.map) if options.map else None
    if options.guess:
        joints = guess(motion.skeleton, target.skeleton, names or ()).joints
    else:
        joints = match(motion.skeleton, target.skeleton, names)
    rest, target_rest = _pose(path, motion, options.rest), _pose(options.skeleton, target, options.skeleton_rest)
    moved = retarget(motion, target, joints, rest=rest, target_rest=target_rest)
    log.info("%s: %d of %d joints are driven", path.name, len(joints), len(target.skeleton.names))
    for file, skeleton, used in (
        (path, motion.skeleton, joints.values()),
        (options.skeleton, target.skeleton, joints.keys()),
    ):
        if unused := [name for j, name in enumerate(skeleton.names) if j not in used]:
            log.info("without counterpart in %s: %s", file.name, ", ".join(unused))
    return moved


def _pose(path: Path, motion: Motion, frame: int | None) -> np.ndarray | None:
    """Give the local rotations (joints, 4) of a frame, None without one."""
    if frame is None:
        return None
    if not 0 <= frame < motion.frames:
        raise ValueError(f"{path} has no frame {frame}; there are {motion.frames}, from 0 on")
    return motion.rotations[frame]


def _smpl(path: Path, options: argparse.Namespace) -> Motion:
    motion = smpl.read_smpl(path, fps=options.fps, body=options.body, mixamo_names=options.names == "mixamo")
    return edit.turn(motion, edit.UPRIGHT[options.up])


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

    tool = _making(tools, "cut", _cut, "keep a stretch of time")
    tool.add_argument("--start", type=float, default=0.0, metavar="S", help="its first second (%(default)g)")
    tool.add_argument("--stop", type=float, metavar="S", help="the second before which it ends (default: the end)")

    tool = _making(tools, "shift", _shift, "move and turn it as a whole")
    tool.add_argument(
        "--by", type=float, nargs=3, default=(0, 0, 0), metavar=("X", "Y", "Z"), help="in the file's unit"
    )
    tool.add_argument("--turn", type=float, default=0.0, metavar="DEGREES", help="about the vertical axis")
    tool.add_argument("--up", choices=edit.UPRIGHT, default="y", help=AXIS_HELP)
    tool.add_argument("--floor", action="store_true", help="the lowest point of all frames comes to y = 0")
    tool.add_argument("--origin", action="store_true", help="the root begins at x = z = 0")

    tool = _making(tools, "rescale", _rescale, "make it larger or smaller")
    size = tool.add_mutually_exclusive_group(required=True)
    size.add_argument("--by", type=float, metavar="FACTOR", help="for example 0.01: from centimetres to metres")
    size.add_argument("--height", type=float, metavar="H", help="of the skeleton at rest, in the unit that is wanted")

    tool = _making(tools, "resample", _resample, "change the frame rate")
    tool.add_argument("--fps", type=float, required=True, help="frames per second, any ratio")

    _making(tools, "mirror", _mirror, "exchange left and right")

    tool = _making(tools, "reorder", _reorder, "put joints and Euler axes in another order")
    tool.add_argument("--like", type=Path, metavar="FILE", help="a BVH file whose order is wanted")
    tool.add_argument("--euler_order", "--euler-order", metavar="ZXY", help="for all joints")

    tool = _making(tools, "retarget", _retarget, "put the motion on another skeleton, by a map of joints")
    tool.add_argument("--skeleton", type=Path, required=True, metavar="FILE", help="a BVH file that has it")
    tool.add_argument(
        "--map",
        metavar="MAP",
        help="A=B,C=D: A drives the skeleton's B; or a JSON or YAML file {A: B, C: D}; overrules the guess",
    )
    tool.add_argument(
        "--guess",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="guess by names which joints are the same part of the body; otherwise --map, or equal names, is all",
    )
    frame = "the frame, from 0 on, that shows the rest pose (default: all rotations zero)"
    tool.add_argument("--rest", type=int, metavar="FRAME", help=f"of IN {frame}")
    tool.add_argument(
        "--skeleton_rest", "--skeleton-rest", type=int, metavar="FRAME", help="the frame of FILE with the same pose"
    )

    tool = _making(tools, "smpl", _smpl, "turn SMPL motion (AIST++, AMASS) into BVH, in metres", smpl.SUFFIXES)
    tool.add_argument("--fps", type=float, help="otherwise the file's own rate, or 60")
    tool.add_argument("--up", choices=edit.UPRIGHT, default="y", help=f"{AXIS_HELP}; y for AIST++, z for AMASS")
    tool.add_argument(
        "--names", choices=("mixamo", "smpl"), default="mixamo", help="how joints are called (%(default)s)"
    )
    tool.add_argument("--body", type=Path, metavar="MODEL", help="a model file with the exact body: J, or J_regressor")
    return parser


def _making(
    tools: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    make: Make,
    text: str,
    suffixes: Sequence[str] = (".bvh",),
) -> argparse.ArgumentParser:
    tool = tools.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False)
    tool.set_defaults(make=make, suffixes=suffixes)
    tool.add_argument("input", type=Path, metavar="IN", help=f"a file ({', '.join(suffixes)}), or a folder of them")
    tool.add_argument("output", type=Path, metavar="OUT", help="the BVH file, or the folder, that is written")
    tool.add_argument(
        "--replace_existing", "--replace-existing", action="store_true", help="overwrite files that are there already"
    )
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
