"""The speed of gathering batches of windows out of memory-mapped files, beside a plain copy of the same bytes."""

import argparse
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from analysis.timing import Table, wall_seconds_in_turns
from models.windows import Window
from option_values import positive
from training.datasets.corpus import open_corpus
from training.datasets.gather import WindowGatherer

MOTION, AUDIO = "motion", "audio"
INPUTS = (Window(MOTION, 67, 120), Window(AUDIO, 85, 140))
OUTPUTS = (Window(MOTION, 67, 20, offset=120),)
"""The windows of the Transflower paper: 120 frames of motion and 140 of sound give 20 frames of motion."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what can be said about the corpus and its batches."""
    parser.add_argument("--batch_size", type=positive, default=64, help="windows in a batch")
    parser.add_argument("--batches", type=positive, default=400, help="how many batches are timed")
    parser.add_argument("--sequences", type=positive, default=120, help="sequences of the corpus")
    parser.add_argument("--frames", type=positive, default=600, help="frames of a sequence")


def measure(arguments: argparse.Namespace) -> Table:
    """Gather batches of windows of a random corpus, and copy as many bytes."""
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
        gathering, copying = wall_seconds_in_turns([gather, copy], arguments.batches)
    return [
        ("batch", f"{arguments.batch_size} windows, {copied / 1e6:.1f} MB; of {arguments.sequences} sequences"),
        ("gathered", f"{arguments.batch_size / gathering:,.0f} windows/s, {copied / gathering / 1e9:.1f} GB/s"),
        ("plain copy of the same bytes", f"{copied / copying / 1e9:.1f} GB/s"),
        ("gathering / plain copy", f"{gathering / copying:.2f} times as long"),
    ]


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
