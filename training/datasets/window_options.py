"""Read the comma-separated options that describe windows."""

import argparse
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from models.windows import Window

FIX_LENGTH_TYPES = ("end", "beg", "single")
PADDINGS = ("none", "silence", "mean")


def read_windows(opt: argparse.Namespace) -> tuple[tuple[Window, ...], tuple[Window, ...], dict[str, str]]:
    """The input windows, the output windows, and from which end each modality is cut by ``--fix_lengths``.

    A dimension of 0 stands for "as in the files", and so does a number of tokens. ValueError naming the option that
    does not fit.
    """
    inputs, input_cuts = _side(opt, "input", "dins", opt.input_types)
    outputs, output_cuts = _side(opt, "output", "douts", "c")
    inputs, outputs = _with_poses(inputs, outputs, opt.predicted_poses, opt.previous_poses)
    contradictory = [name for name, cut in output_cuts.items() if input_cuts.get(name, cut) != cut]
    if contradictory:
        raise ValueError(f"--input_fix_length_types and --output_fix_length_types treat {contradictory[0]} differently")
    for window in (*inputs, *outputs):
        if window.discrete and window.length > opt.max_token_seq_len:
            raise ValueError(
                f"a window of {window.length} tokens of {window.modality} is longer than --max_token_seq_len "
                f"{opt.max_token_seq_len}"
            )
    return inputs, outputs, {**input_cuts, **output_cuts}


def read_paddings(opt: argparse.Namespace, count: int) -> list[str]:
    """The kind of padding of each of `count` inputs, one of PADDINGS."""
    return _values(opt.input_padding, "input_padding", count, _one_of(*PADDINGS))


def _with_poses(
    inputs: tuple[Window, ...], outputs: tuple[Window, ...], predicted: int, previous: int
) -> tuple[tuple[Window, ...], tuple[Window, ...]]:
    """The windows for other numbers of predicted and previous poses; 0 leaves them as they are.

    Inputs that reach to the last predicted frame, or beyond, reach as far beyond the new last one; the previous poses
    are the frames of an output just before it.
    """
    first = {window.modality: window.offset for window in outputs}
    if predicted:
        last = max(window.stop for window in outputs)
        more = predicted - max(window.length for window in outputs)
        outputs = tuple(replace(window, length=window.length + more) for window in outputs)
        inputs = tuple(
            replace(window, length=window.length + more) if window.stop >= last and not window.single else window
            for window in inputs
        )
    if previous:
        if not any(window.modality in first for window in inputs):
            raise ValueError("--previous_poses: no input is an output as well, so that no previous poses are read")
        inputs = tuple(
            replace(window, length=previous, offset=first[window.modality] - previous)
            if window.modality in first
            else window
            for window in inputs
        )
    return inputs, outputs


def _side(
    opt: argparse.Namespace, side: str, dims_option: str, types: str
) -> tuple[tuple[Window, ...], dict[str, str]]:
    names = _names(opt, f"{side}_modalities")
    count = len(names)
    lengths = _numbers(opt, f"{side}_lengths", count, least=1)
    offsets = _numbers(opt, f"{side}_time_offsets", count)
    dims = _numbers(opt, dims_option, count, least=0) if getattr(opt, dims_option) else [0] * count
    tokens = _numbers(opt, f"{side}_num_tokens", count, least=0)
    noises = _values(opt.input_noise if side == "input" else "0", "input_noise", count, _strength)
    kinds = _values(types, f"{side}_types", count, _one_of("c", "d"))
    cuts = _values(
        getattr(opt, f"{side}_fix_length_types"), f"{side}_fix_length_types", count, _one_of(*FIX_LENGTH_TYPES)
    )
    windows = []
    for name, length, offset, dim, token, kind, cut, noise in zip(
        names, lengths, offsets, dims, tokens, kinds, cuts, noises, strict=True
    ):
        discrete = kind == "d" or (side == "output" and token > 0)
        single = cut == "single"
        windows.append(Window(name, dim, length, offset, discrete, token if discrete else 0, single, noise=noise))
    return tuple(windows), dict(zip(names, cuts, strict=True))


def _names(opt: argparse.Namespace, option: str) -> list[str]:
    names = [name.strip() for name in str(getattr(opt, option)).split(",") if name.strip()]
    if not names:
        raise ValueError(f"--{option} names no feature; give one or more, as in <sequence>.<feature>.npy")
    if len(set(names)) < len(names):
        raise ValueError(f"--{option} {','.join(names)} names a feature twice")
    return names


def _numbers(opt: argparse.Namespace, option: str, count: int, least: int | None = None) -> list[int]:
    def number(text: str) -> int:
        value = int(text)
        if least is not None and value < least:
            raise ValueError
        return value

    return _values(getattr(opt, option), option, count, number)


def _values(text: Any, option: str, count: int, read: Callable[[str], Any]) -> list[Any]:
    parts = [part.strip() for part in str(text).split(",")]
    if len(parts) == 1:
        parts = parts * count
    if len(parts) != count:
        raise ValueError(f"--{option} {text} has {len(parts)} values for {count} modalities")
    try:
        return [read(part) for part in parts]
    except ValueError:
        raise ValueError(f"--{option} is {text!r}, which is not {_wanted(read, count)}") from None


def _strength(part: str) -> float:
    """a number from 0 upwards"""
    value = float(part)
    if not 0 <= value < math.inf:
        raise ValueError
    return value


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(part: str) -> str:
        if part not in choices:
            raise ValueError
        return part

    read.__doc__ = " or ".join(choices)
    return read


def _wanted(read: Callable[[str], Any], count: int) -> str:
    kind = read.__doc__ or "a whole number"
    return f"{kind} for each of {count} modalities" if count > 1 else kind
