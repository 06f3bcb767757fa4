"""What is done in the cells of the study of dances: steps timed, models trained, motion generated and judged."""

import itertools
import logging
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from torch import nn

import registry
from analysis.cells import Found
from analysis.evaluate import load, metric_options
from analysis.evaluation.blocks import bits_of_blocks
from analysis.evaluation.references import recorded, references
from analysis.evaluation.results import digits, find_metrics
from analysis.evaluation.rows import fit_metric
from analysis.evaluation.stage import Stage
from analysis.evaluation.trained import system
from analysis.metrics.base_metric import BaseMetric
from analysis.metrics.clip import Clip
from analysis.metrics.scoring import Score, System, floor, ideal, score, unfit
from feature_extraction import store
from feature_extraction.feature import Feature
from models import create_model
from models.windows import Window
from training.beginning import is_done, starting_point
from training.fit import fit
from training.loaders import make_loader
from training.noise import with_noise
from training.optimisers import make_optimiser
from training.options import parse
from training.run import Run

log = logging.getLogger(__name__)

ROUNDS = 6
"""Steps of each model that are timed; the first is left out."""


def time_steps(folder: Path, asked: Found) -> Found:
    """The processor seconds of a training step of each system, its parameters and the batches that there are.

    Asks for `arguments` of each system. The systems take turns, so that what else the machine does meets all alike.
    One that these arguments make no sense for is told of and left out.
    """
    steppers = {}
    for name, arguments in asked["arguments"].items():
        try:
            steppers[name] = _stepper(arguments)
        except ValueError as error:
            log.warning("%s cannot be timed: %s", name, error)
    taken: dict[str, list[float]] = {name: [] for name in steppers}
    for _ in range(ROUNDS):
        for name, (_, _, step) in steppers.items():
            began = time.process_time()
            step()
            taken[name].append(time.process_time() - began)
    seconds = {name: statistics.median(each[1:]) for name, each in taken.items()}
    parameters = {name: count for name, (count, _, _) in steppers.items()}
    batches = {name: count for name, (_, count, _) in steppers.items()}
    said = ", ".join(f"{name} {each:.2f}" for name, each in seconds.items())
    counted = {"parameters": parameters, "batches": batches}
    return {"seconds": seconds, **counted, "said": f"processor seconds a step: {said}"}


def _stepper(arguments: Sequence[str]) -> tuple[int, int, Callable[[], None]]:
    """The parameters of a model, the batches of the corpus, and a function that takes a training step with the next."""
    opt = parse(arguments)
    pl.seed_everything(opt.seed, verbose=False)
    dataset = registry.find("dataset", opt.dataset_name)(opt, "train")
    model = create_model(opt, dataset.inputs, dataset.outputs).train()
    parameters = list(model.parameters())
    optimiser = make_optimiser(
        opt.optimizer, parameters, learning_rate=1e-5, weight_decay=opt.weight_decay, momentum=opt.momentum, fused=True
    )
    loader = make_loader(dataset, opt)
    batches = itertools.chain.from_iterable(itertools.repeat(loader))

    def step() -> None:
        loss = model.losses(with_noise(next(batches), model.inputs))["loss"]
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, opt.gradient_clip_val or torch.inf)
        optimiser.step()

    return sum(parameter.numel() for parameter in parameters), len(loader), step


class StepClock(pl.Callback):
    """Takes the processor time of training steps, validation and all else left out."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._began = 0.0

    def on_train_batch_start(self, *_: Any) -> None:
        """Start."""
        self._began = time.process_time()

    def on_train_batch_end(self, *_: Any) -> None:
        """Stop."""
        self.seconds.append(time.process_time() - self._began)


def train(folder: Path, asked: Found) -> Found:
    """Train a run, or train it on where it was stopped; its lowest held-out loss, and what its steps took.

    Asks for the `run` and the `arguments` of training. ValueError where the run has come to no loss.
    """
    run = Run(folder / "runs" / asked["run"])
    asked_before = run.folder / "asked.json"
    fresh = asked_before.is_file() and store.load_json(asked_before) != asked
    where = ["--experiment_name", asked["run"], "--experiments_dir", str(run.folder.parent)]
    opt = parse([*asked["arguments"], *where, *["--overwrite"] * fresh])
    clock = StepClock()
    with run.lock():
        start = starting_point(run, opt)
        store.save_json(asked_before, asked)
        if not is_done(run, opt):
            fit(run, opt, start, [clock])
    record = run.record()
    loss = record.get("best_loss")
    if loss is None or not np.isfinite(loss):
        raise ValueError(f"{run.name} came to no held-out loss")
    step_s = statistics.median(clock.seconds) if clock.seconds else None
    took = f", {step_s:.2f} s a step" if step_s else ""
    return {
        "loss": loss,
        "steps": record["steps"],
        "step_s": step_s,
        "said": f"held-out loss {loss:.4g} after {record['steps']} steps{took}",
    }


def judge(folder: Path, asked: Found) -> Found:
    """Generate what a run dances to the songs, where it is missing, and score it.

    Asks for the `run`, the settings of its generation, the `place` of what it gives, and what `_Jury.of` reads.
    """
    jury = _Jury.of(folder, asked)
    names = ("data_dir", "seed", "temperature", "smooth", "num_samples", "frames_per_step", "keep_seed")
    trained = load(asked["run"], folder / "runs", {**{name: asked[name] for name in names}, "device": "cpu"})
    bits = partial(bits_of_blocks, first=round(asked["skip_s"] * jury.stage.feature.fps))
    measure = bits if "nll" in jury.metrics else _nothing
    made = system(trained, jury.stage, jury.sequence_ids, folder / "generated" / asked["place"], measure)
    scores = {label: _plain(found[made.name]) for label, found in jury.scores([made], asked["resamplings"]).items()}
    known = ((label, each["value"]) for label, each in scores.items())
    said = ", ".join(f"{label} {digits(value)}" for label, value in known if value is not None)
    manner = {name: asked[name] for name in ("temperature", "frames_per_step")}
    return {"scores": scores, "parameters": trained.parameters, **manner, "said": said}


def judge_references(folder: Path, asked: Found) -> Found:
    """Score real motion, the oracle and what is worse; with the floors, and what each metric finds no worse.

    Asks for what `_Jury.of` reads.
    """
    jury = _Jury.of(folder, asked)
    systems = list(references(jury.stage, jury.sequence_ids, asked["num_samples"]))
    scores = jury.scores(systems, asked["resamplings"])
    metrics = {
        label: {
            "title": metric.title,
            "unit": metric.unit,
            "best": metric.best,
            "floor": [_number(limit) for limit in floor(metric, [*jury.paired, *jury.reference], len(jury.paired))],
            "ideal": _number(ideal(metric, scores[label], systems)),
            "unfit": unfit(metric, scores[label], systems),
        }
        for label, metric in jury.metrics.items()
    }
    by_system = {each.name: {label: _plain(found[each.name]) for label, found in scores.items()} for each in systems}
    return {"scores": by_system, "kinds": {each.name: each.kind for each in systems}, "metrics": metrics}


@dataclass(frozen=True)
class _Jury:
    """Fitted metrics with what they compare with: the same for all cells of a process."""

    stage: Stage
    sequence_ids: Sequence[str]
    metrics: Mapping[str, BaseMetric]
    reference: Sequence[Clip]
    paired: Sequence[Clip]

    @classmethod
    def of(cls, folder: Path, asked: Found) -> "_Jury":
        """That of a corpus, a split, so many songs, a beginning that is not looked at, and some metrics."""
        names = ("data_dir", "modality", "split", "songs", "skip_s", "metrics", "few_samples")
        return _gathered(folder, *(asked[name] for name in names))

    def scores(self, systems: Sequence[System], resamplings: int) -> dict[str, dict[str, Score]]:
        """The score of each system by each metric."""
        return {
            label: score(metric, systems, self.reference, self.paired, resamplings=resamplings)
            for label, metric in self.metrics.items()
        }


@cache
def _gathered(
    folder: Path, data_dir: str, modality: str, split: str, songs: int, skip_s: float, names: str, few_samples: bool
) -> _Jury:
    feature = Feature.load(Path(data_dir), modality)
    stage = Stage(Path(data_dir), feature, Window(modality, feature.dim, 1), skip_s)
    sequence_ids = store.read_split(stage.data_dir, split)[: songs or None]
    reference, paired = recorded(stage, split, sequence_ids)
    found = find_metrics(names, metric_options(few_samples))
    metrics = {label: fit_metric(label, metric, reference, folder) for label, metric in found.items()}
    return _Jury(stage, sequence_ids, metrics, reference, paired)


def _nothing(*_: Any) -> None:
    """The likelihood where nobody asks for it."""


def _plain(found: Score) -> Found:
    return {
        "value": _number(found.value),
        "interval": [_number(found.low), _number(found.high)],
        "note": found.note,
    }


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None
