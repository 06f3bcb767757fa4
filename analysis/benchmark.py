"""The command that measures the speed of each stage on this machine, as a table."""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch

import command
from models.windows import Window
from training.datasets.corpus import open_corpus
from training.datasets.gather import WindowGatherer

Table = list[tuple[str, str]]

MOTION, AUDIO = "motion", "audio"
INPUTS = (Window(MOTION, 67, 120), Window(AUDIO, 85, 140))
OUTPUTS = (Window(MOTION, 67, 20, offset=120),)
"""The windows of the Transflower paper: 120 frames of motion and 140 of sound give 20 frames of motion."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure one stage and print its table, with the machine's matrix-product rate in the same run."""
    arguments = _parser().parse_args(argv)
    torch.set_num_threads(arguments.threads)
    table = arguments.measure(arguments)
    table += [
        (f"matrix product, {name}", f"{matrix_product_rate(dtype) / 1e9:.0f} GFLOP/s, {arguments.threads} threads")
        for name, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16))
    ]
    width = max(len(name) for name, _ in table)
    for name, value in table:
        print(f"{name:<{width}}  {value}")
    return 0


def measure_windows(arguments: argparse.Namespace) -> Table:
    """Gathering batches of windows out of memory-mapped files, beside a plain copy of the same bytes."""
    with tempfile.TemporaryDirectory() as folder:
        names = _write_corpus(Path(folder), arguments.sequences, arguments.frames)
        corpus = open_corpus(Path(folder), names, (*INPUTS, *OUTPUTS), cuts=None)
        gatherer = WindowGatherer(INPUTS, OUTPUTS)
        rng = np.random.default_rng(0)
        size = (arguments.batches, arguments.batch_size)
        sequences = rng.integers(0, len(names), size)
        anchors = rng.integers(0, arguments.frames - INPUTS[1].length + 1, size)

        def gather(turn: int) -> None:
            gatherer.gather(corpus.arrays, sequences[turn], anchors[turn])

        batch = gatherer.gather(corpus.arrays, sequences[0], anchors[0])
        copied = sum(values.nbytes for values in batch.values())
        copy = _plain_copy(corpus.arrays.values(), copied)
        gathering, copying = _seconds_in_turns([gather, copy], arguments.batches)
    return [
        ("batch", f"{arguments.batch_size} windows, {copied / 1e6:.1f} MB; of {arguments.sequences} sequences"),
        ("gathered", f"{arguments.batch_size / gathering:,.0f} windows/s, {copied / gathering / 1e9:.1f} GB/s"),
        ("plain copy of the same bytes", f"{copied / copying / 1e9:.1f} GB/s"),
        ("gathering / plain copy", f"{gathering / copying:.2f} times as long"),
    ]


def matrix_product_rate(dtype: torch.dtype, size: int = 1024, repeats: int = 20) -> float:
    """Floating-point operations per second of a product of two (size, size) matrices: the median of repeats."""
    a, b = (torch.randn(size, size).to(dtype) for _ in range(2))
    for _ in range(5):
        a @ b
    return 2 * size**3 / statistics.median(_seconds(lambda: a @ b) for _ in range(repeats))


def _write_corpus(folder: Path, sequences: int, frames: int) -> list[str]:
    rng = np.random.default_rng(0)
    names = [f"sequence_{place}" for place in range(sequences)]
    for name in names:
        for modality, dim in ((MOTION, INPUTS[0].dim), (AUDIO, INPUTS[1].dim)):
            np.save(folder / f"{name}.{modality}.npy", rng.standard_normal((frames, dim), dtype=np.float32))
    return names


def _plain_copy(arrays: Iterable[Sequence[np.ndarray]], size: int) -> Callable[[int], None]:
    """Copy the next ``size`` bytes of the corpus, laid out in one piece of memory, into the same place each time."""
    source = np.concatenate([array.reshape(-1) for group in arrays for array in group])
    target = np.empty(size // source.itemsize, source.dtype)
    pieces = len(source) // len(target)

    def copy(turn: int) -> None:
        start = turn % pieces * len(target)
        np.copyto(target, source[start : start + len(target)])

    return copy


def _seconds_in_turns(actions: Sequence[Callable[[int], object]], turns: int, block: int = 20) -> list[float]:
    """The median seconds of each action. They take turns in blocks, so that a busy machine slows all of them alike
    and each still finds its own memory in the cache."""
    seconds: list[list[float]] = [[] for _ in actions]
    for start in range(0, turns, block):
        for action, measured in zip(actions, seconds, strict=True):
            for turn in range(start, min(start + block, turns)):
                measured.append(_seconds(partial(action, turn)))
    return [statistics.median(each) for each in seconds]


def _seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m analysis.benchmark", description=__doc__, allow_abbrev=False)
    stages = parser.add_subparsers(title="stages", required=True)
    windows = stages.add_parser("windows", help="gather batches of windows from memory-mapped files")
    windows.set_defaults(measure=measure_windows)
    windows.add_argument("--batch_size", type=int, default=64, help="windows in a batch")
    windows.add_argument("--batches", type=int, default=400, help="how many batches are timed")
    windows.add_argument("--sequences", type=int, default=120, help="sequences of the corpus")
    windows.add_argument("--frames", type=int, default=600, help="frames of a sequence")
    windows.add_argument("--threads", type=int, default=1, help="threads")
    return parser


if __name__ == "__main__":
    command.run(main)
