"""The speed of generation, beside a plain loop over windows and what the reference takes for it."""

import argparse
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from analysis.benchmark_sizes import NAMES, REFERENCE_RATE, WORD_FRAMES, find_size
from analysis.benchmark_train import read_model
from analysis.timing import Table, matrix_product_rate, matrix_vector_rate, wall_seconds
from inference.rolling import PRECISIONS, leading_frames, most_frames_at_a_time
from inference.sampler import autoregress
from inference.stream import Stream
from models import create_model
from models.base_model import BaseModel
from models.windows import Window
from option_values import above_zero, positive

REFERENCE = {
    ("transflower", "small"): 53,
    ("transflower", "paper"): 4.9,
    ("moglow", "paper"): 56,
    ("transglower", "small"): 54,
    ("transglower", "paper"): 4.8,
    ("transformer", "small"): 89,
    ("transformer", "paper"): 2.5,
    ("contextseq2seq", "paper"): 2700,
    ("wordsseq2seq", "paper"): 4200,
}
"""Frames a second by our own measurements of the reference: float32, one sequence, two cores."""

Features = Mapping[str, Tensor]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the model, its size and how it generates; all else about it are options of training."""
    parser.description = (
        "Generate motion for random sound: frames a second of one sequence, of a batch, and of a stream. Every option "
        "of training is understood too, such as --causal or --dhid 256. With one thread, seconds are those of the "
        "processor, so that others at work on the machine count little; with more, of the clock."
    )
    parser.epilog = f"The reference was measured at: {'; '.join(NAMES)}."
    parser.add_argument("--model", default="transflower", help="the model")
    parser.add_argument("--size", help="a size that the reference was measured at (default: the model's own options)")
    parser.add_argument("--frames", type=positive, default=40, help="frames of the sequence")
    parser.add_argument("--frames_per_step", type=positive, help="how many of the predicted frames are used at a time")
    parser.add_argument(
        "--at_least", type=above_zero, help="find the fewest frames a step that give so many frames a second"
    )
    parser.add_argument("--rows", type=positive, default=16, help="sequences of the batch")
    parser.add_argument("--precision", choices=PRECISIONS, default="32", help="of the arithmetic")
    parser.add_argument("--compile", action="store_true", help="translate the model for this machine first")
    parser.set_defaults(others=[])


def measure(arguments: argparse.Namespace) -> Table:
    """Generate with fresh weights, each way once it is warm."""
    size = find_size(arguments.model, arguments.size) if arguments.size else None
    torch.manual_seed(0)
    model = create_model(*read_model(arguments.model, arguments.others, size))
    _initialise(model)
    frames, options = arguments.frames, {"precision": arguments.precision, "compile": arguments.compile}
    clock = time.process_time if arguments.threads == 1 else time.perf_counter
    rate = matrix_product_rate(torch.float32, clock=clock)

    def speed(give: Callable[[int], object], count: int = frames, rows: int = 1) -> float:
        give(2)
        start = clock()
        give(count)
        return count * rows / (clock() - start)

    def at_once(several: int) -> float:
        whole_steps = -(-frames // several) * several
        return speed(lambda count: _made(model, count, frames_per_step=several, **options), whole_steps)

    plain = speed(lambda count: _plain(model, _sound(model, count), count))
    warming = wall_seconds(lambda: _made(model, 2, **options))
    one = speed(lambda count: _made(model, count, **options))
    batch = speed(lambda count: _made(model, count, arguments.rows, **options), rows=arguments.rows)
    rate = (rate + matrix_product_rate(torch.float32, clock=clock)) / 2
    told = f"{'processor time' if arguments.threads == 1 else 'by the clock'}, {arguments.threads} threads"
    table: Table = [
        ("parameters", f"{sum(parameter.numel() for parameter in model.parameters()):,}"),
        ("plain loop", f"{plain:.4g} frames/s, {_usual(model)} frames at a time, float32, {told}"),
        ("sampler", f"{one:.4g} frames/s, {one / plain:.2f} times the plain loop, --precision {arguments.precision}"),
        (f"{arguments.rows} sequences", f"{batch:.4g} frames/s, {batch / one:.2f} times one sequence"),
    ]
    if arguments.compile:
        table.append(("first two frames", f"{warming:.3g} s by the clock: what compiling takes"))
    table += _several_at_a_time(arguments, model, at_once, one)
    for number in {_usual(model), arguments.frames_per_step or _usual(model)}:
        streamed = speed(partial(_stream, model, precision=arguments.precision, at_a_time=number))
        table.append((f"stream, {number} at a time", f"{streamed:.4g} frames/s"))
    if arguments.precision != "32":
        table.append(("rounding", f"{_rounding(model, arguments.precision):.2g} of the deviation of a sampled frame"))
    table.append(("matrix product in this process", f"{rate / 1e9:.0f} GFLOP/s, float32, {told}"))
    read = matrix_vector_rate(_bytes(model), clock=clock)
    table.append(("matrix times vector", f"{read / 1e9:.1f} GB/s of as many weights as these"))
    return table + _compared(one, rate, REFERENCE.get((arguments.model, arguments.size)))


def _several_at_a_time(
    arguments: argparse.Namespace, model: BaseModel, at_once: Callable[[int], float], one: float
) -> Table:
    """The speed with as many frames a step as is asked for, and how many are needed for the speed that is."""
    table: Table = []
    if several := arguments.frames_per_step:
        fast = at_once(several)
        table.append((f"{several} frames a step", f"{fast:.4g} frames/s, {fast / one:.2f} times the sampler above"))
    if wanted := arguments.at_least:
        found = _fewest(at_once, _usual(model), one, most_frames_at_a_time(model), wanted)
        table.append((f"{wanted:g} frames/s", found))
    return table


def _fewest(at_once: Callable[[int], float], frames: int, reached: float, most: int, wanted: float) -> str:
    """With how many frames a step, as few as can be, there are as many a second as are wanted.

    ``reached`` is the speed with so many ``frames`` a step, the fewest; ``most`` is how many there can be.
    """
    while reached < wanted and frames < most:
        frames = min(max(frames + 1, round(frames * wanted / reached)), most)
        reached = at_once(frames)
    told = f"{frames} frames a step give {reached:.4g}"
    return told if reached >= wanted else f"out of reach: {told}, and the model gives no more at a time"


def _bytes(model: BaseModel) -> int:
    return sum(parameter.numel() * parameter.element_size() for parameter in model.parameters())


def _compared(speed: float, rate: float, reference: float | None) -> Table:
    if reference is None:
        return []
    ratio = speed / reference
    return [
        ("the reference, by our measurement", f"{reference:g} frames/s, float32, {REFERENCE_RATE / 1e9:.0f} GFLOP/s"),
        ("sampler / the reference's", f"{ratio:.2f}; {ratio * REFERENCE_RATE / rate:.2f} at an equal rate of products"),
    ]


def _initialise(model: BaseModel) -> None:
    """Set what depends on data from noise, and leave the model in eval mode."""
    noise = {f"in_{w.modality}": _noise(w, w.length)[None] for w in model.inputs}
    with torch.no_grad():
        model.train().losses(noise | {f"out_{w.modality}": _noise(w, w.length)[None] for w in model.outputs})
    model.eval()


def _noise(window: Window, frames: int) -> Tensor:
    if window.discrete:
        words = torch.randint(window.num_tokens, (frames // WORD_FRAMES + 1, window.width))
        return words.repeat_interleave(WORD_FRAMES, dim=0)[:frames]
    return torch.randn(frames, window.width)


def _sound(model: BaseModel, frames: int) -> dict[str, Tensor]:
    """What a model reads and does not give."""
    return {w.modality: _noise(w, 1 if w.single else frames) for w in model.inputs if w.modality not in model.feedback}


def _made(model: BaseModel, frames: int, rows: int = 1, **options: Any) -> dict[str, Tensor]:
    features = {name: x.expand(rows, *x.shape) for name, x in _sound(model, frames).items()}
    generators = [torch.Generator().manual_seed(row) for row in range(rows)]
    options = {"frames_per_step": _usual(model), **options}
    return autoregress(model, features, frames=frames, generator=generators, **options)


@torch.no_grad()
def _plain(model: BaseModel, features: Features, frames: int) -> None:
    """One window after another, each computed as a whole; the first new frames of each are fed back."""
    lead, at_a_time, state = leading_frames(model), _usual(model), None
    before = lead - min((w.offset for w in model.inputs if w.modality in model.feedback), default=lead)
    made = {w.modality: torch.zeros(1, before, w.width) for w in model.outputs}
    for now in range(0, frames, at_a_time):
        inputs = {}
        for window in model.inputs:
            first = now - lead + window.offset
            if window.modality in made:
                inputs[window.modality] = made[window.modality][:, before + first :][:, : window.length]
            else:
                array = features[window.modality]
                heard = torch.arange(first, first + window.length)
                inputs[window.modality] = array[heard.clamp(0, len(array) - 1)][None]
        predicted, state = model.sample(inputs, state=state)
        for window in model.outputs:
            new = predicted[window.modality][:, lead - window.offset :][:, :at_a_time]
            made[window.modality] = torch.cat([made[window.modality], new], dim=1)


def _usual(model: BaseModel) -> int:
    """How many frames a step gives: one, or all where the reference goes by windows too."""
    return most_frames_at_a_time(model) if model.goes_by_windows else 1


def _stream(model: BaseModel, frames: int, *, precision: str, at_a_time: int) -> None:
    stream = Stream(model, precision=precision, frames_per_step=at_a_time)
    sound = _sound(model, frames)
    for frame in range(frames):
        stream.push({name: values[frame : frame + 1] for name, values in sound.items()})
    stream.finish()


def _rounding(model: BaseModel, precision: str) -> float:
    """How far a frame moves on average when it is sampled from the same noise with less precision."""
    sound, rows = _sound(model, 1), 16
    features = {name: torch.stack([_sound(model, 1)[name] for _ in range(rows)]) for name in sound}
    generators = [torch.Generator() for _ in range(rows)]

    def frame(precision: str) -> Tensor:
        for row, generator in enumerate(generators):
            generator.manual_seed(row)
        made = autoregress(model, features, frames=1, generator=generators, precision=precision)
        return torch.cat(list(made.values()), dim=-1)

    exact = frame("32")
    return float((frame(precision) - exact).square().mean().sqrt() / exact.std())
