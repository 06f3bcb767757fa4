"""The speed of training through the real trainer beside that of the model's bare steps, in the same run."""

import argparse
import copy
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor, nn

from analysis.benchmark_sizes import find_size
from analysis.benchmark_train import declare_model, describe, precision
from analysis.timing import Table, seconds_of_each
from models.base_model import BaseModel
from models.windows import Window
from option_values import positive
from training.beginning import StartingPoint
from training.datasets.multimodal_dataset import MultimodalDataset
from training.fit import fit
from training.loaders import make_loader
from training.optimisers import is_fused, make_optimiser
from training.run import Run

SEQUENCES, FRAMES = 4, 3600
"""Of the corpus, which is random."""
WARM = 2
"""Steps of each kind that are not counted."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the model and its size; all else about it are options of training."""
    parser.description = (
        "Train a model on a random corpus by the real trainer, with its loader, callbacks, checks and logs at each "
        "step, and after each of its steps take a bare one: the loss of a batch that is there, its gradients, "
        "clipping, the optimiser. Every option of training is understood too. With one thread, seconds are those of "
        "the processor, so that others at work on the machine count little; with more, of the clock."
    )
    declare_model(parser)
    parser.add_argument("--steps", type=positive, default=10, help="steps of each kind that are timed")


def measure(arguments: argparse.Namespace) -> Table:
    """Train, and compare the steps."""
    size = find_size(arguments.model, arguments.size) if arguments.model and arguments.size else None
    opt, inputs, outputs = describe(arguments, size)
    clock = time.process_time if arguments.threads == 1 else time.perf_counter
    with tempfile.TemporaryDirectory() as folder:
        _write_corpus(Path(folder), (*inputs, *outputs))
        _point_at(opt, Path(folder), arguments.steps + WARM)
        turns = Turns(opt, clock)
        run = Run(Path(folder) / opt.experiment)
        with run.lock():
            fit(run, opt, StartingPoint(), [turns])
        loading = _loading_seconds(opt, arguments.steps, clock)
    real, bare = (statistics.median(each[WARM:]) for each in (turns.real, turns.bare))
    kind = f"{'processor time' if arguments.threads == 1 else 'by the clock'}, {arguments.threads} threads"
    return [
        ("parameters", f"{turns.parameters:,}"),
        ("batch", f"{opt.batch_size} windows"),
        ("step of the trainer", f"{real:.4g} s, {opt.batch_size / real:.3g} windows/s, {kind}"),
        ("bare step of the model", f"{bare:.4g} s, {opt.batch_size / bare:.3g} windows/s, in turns with it"),
        ("what the trainer adds", f"{100 * (real / bare - 1):.2f} % of the bare step, {1000 * (real - bare):.1f} ms"),
        ("of it, loading a batch", f"{100 * loading / bare:.2f} %, {1000 * loading:.1f} ms"),
    ]


@dataclass(eq=False)
class Turns(Callback):
    """Times each step of a training, from the end of one to the end of the next, and a bare step after each."""

    opt: argparse.Namespace
    clock: Callable[[], float]
    real: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    parameters: int = 0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Copy the model for the bare steps."""
        model: Any = copy.deepcopy(pl_module.model)
        self.parameters = sum(parameter.numel() for parameter in model.parameters())
        self._step = _bare_step(model, self.opt)
        self._since = self.clock()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Note the trainer's step, and take a bare one."""
        self.real.append(self.clock() - self._since)
        self.bare += seconds_of_each(lambda: self._step(batch), 1, self.clock)
        self._since = self.clock()


def _bare_step(model: BaseModel, opt: argparse.Namespace) -> Callable[[dict[str, Tensor]], None]:
    optimiser = make_optimiser(
        opt.optimizer,
        model.parameters(),
        learning_rate=opt.learning_rate,
        weight_decay=opt.weight_decay,
        momentum=opt.momentum,
        fused=is_fused(opt.optimizer, opt.precision),
    )

    def step(batch: dict[str, Tensor]) -> None:
        with precision(opt.precision):
            loss = model.losses(batch)["loss"]
        optimiser.zero_grad()
        loss.backward()
        if opt.gradient_clip_val:
            nn.utils.clip_grad_norm_(model.parameters(), opt.gradient_clip_val)
        optimiser.step()

    return step


def _point_at(opt: argparse.Namespace, folder: Path, steps: int) -> None:
    """Let the options train so many steps on the corpus in a folder, and log each of them."""
    vars(opt).update(
        data_dir=str(folder), experiments_dir=str(folder), max_steps=steps, max_epochs=-1, do_validation=False,
        accelerator="cpu", log_every_n_steps=1, enable_model_summary=False,
    )  # fmt: skip


def _loading_seconds(opt: argparse.Namespace, batches: int, clock: Callable[[], float]) -> float:
    """What it takes to cut the windows of a batch out of the corpus, by the trainer's own loader."""
    loader = iter(make_loader(MultimodalDataset(opt, "train"), opt))
    return statistics.median(seconds_of_each(lambda: next(loader), batches + WARM, clock)[WARM:])


def _write_corpus(folder: Path, windows: Sequence[Window]) -> None:
    rng = np.random.default_rng(0)
    names = [f"sequence_{place}" for place in range(SEQUENCES)]
    for window in {window.modality: window for window in windows}.values():
        for name in names:
            tokens = rng.integers(max(1, window.num_tokens), size=(FRAMES, window.columns or 1))
            values = tokens if window.discrete else rng.standard_normal((FRAMES, window.dim), dtype=np.float32)
            np.save(folder / f"{name}.{window.modality}.npy", values)
    (folder / "base_filenames_train.txt").write_text("\n".join(names) + "\n")
