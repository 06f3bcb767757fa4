"""The options of all commands that write motion: what is done to it first, and which files it goes to."""

import argparse
from collections.abc import Sequence
from typing import Any

import registry
from option_values import natural, not_negative
from registry import nearest
from training.options.grammar import spelt

YES_NO = argparse.BooleanOptionalAction


def read(parser: argparse.ArgumentParser, argv: Sequence[str]) -> dict[str, Any]:
    """The values of a parser's options in `argv`; LookupError with the nearest names for an option that is none."""
    given, rest = parser.parse_known_args([spelt_for_argparse(argument) for argument in argv])
    if rest:
        known = [f"--{name}" for name in vars(given)]
        hint = nearest(rest[0].partition("=")[0], known) or "--help lists what there is"
        raise LookupError(f"{rest[0]} is not understood; {hint}")
    return vars(given)


def add_finish(group: Any) -> None:
    """What is done to motion before it is written."""
    add = group.add_argument
    add("--smooth", action=YES_NO, help="Savitzky-Golay smoothing (9, 3); by default as the experiment says")
    add("--foot_lock", action=YES_NO, default=False, help="hold feet in place where they stand")
    add("--align_ground", action=YES_NO, default=False, help="move the motion so that the floor is at height 0")
    add("--target_skeleton", default="", help="BVH file with your own skeleton, which the motion is put on")
    add("--target_pose", type=natural, help="its frame that shows the rest pose; by default all rotations are zero")
    add("--joint_map", default="", help="what drives it besides the guess: SOURCE=TARGET,... or a JSON or YAML file")
    add("--fps", type=_rate, default=0.0, help="frame rate of BVH and pictures; by default the model's")


def add_files(group: Any, output_folder: str) -> None:
    """Which files are written, and where to by default."""
    add = group.add_argument
    add("--output_folder", default=output_folder, help="folder of the results")
    add("--generate_bvh", action=YES_NO, default=True, help="write BVH")
    add("--generate_video", action=YES_NO, default=True, help="write MP4, with the sound on it")
    names = ", ".join(registry.names("renderer"))
    add("--render", type=listed, help=f"comma-separated renderers in place of these two ({names})")
    add("--picture_size", type=_size, help="width and height of pictures in pixels, as 1920x1080")


def renderers(opt: dict[str, Any]) -> list[str]:
    """The short names of the renderers that the options ask for, which are taken out of them."""
    chosen = {"bvh": opt.pop("generate_bvh"), "mp4": opt.pop("generate_video")}
    wanted = opt.pop("render")
    return [name for name, yes in chosen.items() if yes] if wanted is None else wanted


def spelt_for_argparse(argument: str) -> str:
    """The argument with underscores in its option's name, but `--no-` before the name of a flag."""
    argument = spelt(argument)
    return argument.replace("--no_", "--no-", 1) if argument.startswith("--no_") else argument


def listed(text: str) -> list[str]:
    """The names of a comma-separated list."""
    return [name.strip() for name in text.split(",") if name.strip()]


def _rate(text: str) -> float:
    try:
        return not_negative(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"{text!r} is no frame rate; give frames per second, as 60") from None


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is no size; WIDTHxHEIGHT is wanted, as 1920x1080")
    return int(width), int(height)
