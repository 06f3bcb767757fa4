"""The speed and memory of training a model on random windows, beside what the reference takes for it."""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor, nn

from analysis.benchmark_sizes import (
    COMMON,
    MOTION_DIM,
    NAMES,
    REFERENCE_RATE,
    SEQUENCES,
    SOUND_DIM,
    WORD_FRAMES,
    Size,
    find_size,
)
from analysis.operations import count_operations
from analysis.timing import Table, matrix_product_rate, peak_memory, seconds_of_each
from models import create_model
from models.windows import Window
from option_values import positive
from training.datasets.window_options import read_windows
from training.optimisers import make_optimiser
from training.options import parse

Described = tuple[argparse.Namespace, tuple[Window, ...], tuple[Window, ...]]
"""Options of training, input windows, output windows."""

PRECISIONS: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "32-true": nullcontext,
    "bf16-mixed": partial(torch.autocast, "cpu", dtype=torch.bfloat16, cache_enabled=False),
}
"""What the trainer computes the losses under."""


@dataclass(frozen=True)
class Measurement:
    """What a process found out by training for a few steps."""

    parameters: int
    seconds: float
    operations: int
    losses: list[float]
    memory_before: int
    memory: int
    product_rate: float


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the model and its size; all else about it are options of training."""
    parser.description = (
        "Train a model for some steps on random windows, on the CPU: windows a second, peak memory, loss. Every option "
        "of training is understood too, such as --precision bf16-mixed, --batch_size 16 or --dhid 256. With one "
        "thread, seconds are those of the processor, so that others at work on the machine count little; with more, "
        "of the clock."
    )
    declare_model(parser)
    parser.add_argument("--steps", type=positive, default=5, help="steps that are timed, after two that are not")


def declare_model(parser: argparse.ArgumentParser) -> None:
    """Declare the options by which a model is named; what the parser does not know it leaves to training."""
    parser.epilog = f"The reference was measured at: {'; '.join(NAMES)}."
    parser.add_argument("--model", help="the model (default: the experiment's)")
    parser.add_argument("--size", help="a size that the reference was measured at (default: the model's own options)")
    parser.add_argument("--experiment", help="an experiment whose options are taken")
    parser.set_defaults(others=[])


def measure(arguments: argparse.Namespace) -> Table:
    """Train in a process of its own, whose memory nothing else has touched."""
    size = find_size(arguments.model, arguments.size) if arguments.model and arguments.size else None
    described = describe(arguments, size)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        found = processes.submit(train, described, arguments.steps, arguments.threads).result()
    opt, inputs, outputs = described
    clock = f"{'processor time' if arguments.threads == 1 else 'by the clock'}, {arguments.threads} threads"
    windows = f"{', '.join(map(_told, inputs))} give {', '.join(map(_told, outputs))}"
    before = f"{found.memory_before / 1e9:.2f} GB before there was a model"
    speed = opt.batch_size / found.seconds
    table: Table = [
        ("parameters", f"{found.parameters:,}"),
        ("batch", f"{opt.batch_size} windows: {windows}"),
        ("training step", f"{found.seconds:.3g} s on the CPU, {clock}"),
        ("speed", f"{speed:.3g} windows/s"),
        ("peak memory", f"{found.memory / 1e9:.2f} GB, {before}"),
        ("loss", f"{found.losses[0]:.6g} at first, {found.losses[-1]:.6g} in step {len(found.losses)}"),
        (
            "products in a step",
            f"{found.operations / 1e9:.3g} GFLOP, {found.operations / found.seconds / 1e9:.0f} GFLOP/s with all else",
        ),
        ("matrix product in this process", f"{found.product_rate / 1e9:.0f} GFLOP/s, float32, {clock}"),
    ]
    return table + (_compared(speed, found, size) if size else [])


def train(described: Described, steps: int, threads: int) -> Measurement:
    """Train a model on one batch of random windows, as training does: forward, backward, clipping, optimiser."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    clock = time.process_time if threads == 1 else time.perf_counter
    opt, inputs, outputs = described
    batch = dict(_random_windows(inputs, outputs, opt.batch_size))
    rates = [matrix_product_rate(torch.float32, clock=clock)]
    before = peak_memory()
    model = create_model(opt, inputs, outputs).train()
    optimiser = make_optimiser(
        opt.optimizer,
        model.parameters(),
        learning_rate=opt.learning_rate,
        weight_decay=opt.weight_decay,
        momentum=opt.momentum,
    )
    losses: list[float] = []

    def step() -> None:
        with precision(opt.precision):
            loss = model.losses(batch)["loss"]
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), opt.gradient_clip_val or torch.inf)
        optimiser.step()
        losses.append(loss.item())

    step()
    operations = count_operations(step)
    seconds = statistics.median(seconds_of_each(step, steps, clock))
    memory = peak_memory()
    rates.append(matrix_product_rate(torch.float32, clock=clock))
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return Measurement(parameters, seconds, operations, losses, before, memory, statistics.mean(rates))


def read_model(model: str, words: Sequence[str], size: Size | None = None) -> Described:
    """A model of a size, or of its own default options, with what the words of a command line say otherwise."""
    options = {"model": model, **COMMON, **SEQUENCES.get(model, {}), **(size.options if size else {})}
    with tempfile.TemporaryDirectory() as folder:
        # In a file, so that the words come before it, as they do before an experiment's.
        path = Path(folder) / "benchmark.yaml"
        path.write_text(yaml.safe_dump(options), encoding="utf-8")
        return _read(["--hparams_file", str(path), *words])


def describe(arguments: argparse.Namespace, size: Size | None) -> Described:
    """The model, its options and its windows, as the arguments name them; ValueError where they do not."""
    if arguments.experiment:
        if arguments.model or arguments.size:
            raise ValueError("--experiment says which model and size; leave out --model and --size")
        described = _read([arguments.experiment, *arguments.others])
    elif arguments.model:
        described = read_model(arguments.model, arguments.others, size)
    else:
        raise ValueError("name what is trained: --model NAME, with a --size if you like, or --experiment NAME")
    opt = described[0]
    if opt.gpus or opt.accelerator not in ("auto", "cpu"):
        raise ValueError(
            "training is measured on the CPU here; leave --gpus and --accelerator out. What a GPU makes is in a run's "
            "progress bar and in TensorBoard, as windows_per_s"
        )
    precision(opt.precision)
    return described


def _read(words: Sequence[str]) -> Described:
    opt = parse(words)
    inputs, outputs, _ = read_windows(opt)
    motion = {window.modality for window in outputs}

    def with_dims(windows: Sequence[Window]) -> tuple[Window, ...]:
        """With the numbers of columns that are left to the data."""
        dims = (MOTION_DIM if window.modality in motion else SOUND_DIM for window in windows)
        return tuple(replace(window, dim=window.dim or dim) for window, dim in zip(windows, dims, strict=True))

    return opt, with_dims(inputs), with_dims(outputs)


def precision(name: str | None) -> AbstractContextManager[Any]:
    """What the trainer computes the losses under with this --precision; ValueError for one that is not measured."""
    if (name or "32-true") not in PRECISIONS:
        raise ValueError(f"--precision {name} is not measured here; choose {' or '.join(PRECISIONS)}")
    return PRECISIONS[name or "32-true"]()


def _random_windows(inputs: Sequence[Window], outputs: Sequence[Window], size: int) -> Iterator[tuple[str, Tensor]]:
    for side, windows in (("in", inputs), ("out", outputs)):
        for window in windows:
            if window.discrete:
                words = torch.randint(window.num_tokens, (size, window.length // WORD_FRAMES + 1, window.columns))
                random = words.repeat_interleave(WORD_FRAMES, dim=1)[:, : window.length]
            else:
                random = torch.randn(size, window.length, window.dim)
            yield f"{side}_{window.modality}", random


def _told(window: Window) -> str:
    return f"{window.length} x {window.dim} {window.modality}"


def _compared(speed: float, found: Measurement, size: Size) -> Table:
    """Speeds as they are, and for each operation that the machine makes of a matrix product meanwhile."""
    table: Table = []
    if size.speed is not None:
        ratio = speed / size.speed
        scaled = ratio / (found.product_rate / REFERENCE_RATE)
        measured = f"{size.speed:g} windows/s, float32, {REFERENCE_RATE / 1e9:.0f} GFLOP/s"
        table += [
            ("the reference, by our measurement", measured),
            ("speed / the reference's", f"{ratio:.2f}; {scaled:.2f} at an equal rate of matrix products"),
        ]
    if size.memory_gb is not None:
        share = found.memory / 1e9 / size.memory_gb
        table.append(("memory / the reference's", f"{share:.2f} of {size.memory_gb} GB"))
    return table
