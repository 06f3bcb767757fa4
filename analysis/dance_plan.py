"""The plan of the study of dances: which cells there are, what each is asked, and what it needs for that."""

import argparse
import math
from collections.abc import Mapping, Sequence

from analysis import dance_cells
from analysis.cells import Cell, Found
from analysis.dance_systems import SYSTEMS, Contender, Options, arguments, slug

CRITERION = "move_variation"
"""By which temperatures are chosen."""
EPOCH_MINUTES, MOST_EPOCHS = 2.0, 3
"""How long a model is trained until its held-out loss is measured, about, and how often that is, at most."""
WARMUP = 0.1
"""The share of a training in which the learning rate rises."""
TIMED, REFERENCES = "steps", "references"


def make_cells(contenders: Mapping[str, Contender], opt: argparse.Namespace, more: Options) -> list[Cell]:
    """All cells: steps timed, references, the grid of learning rates, then seed by seed trainings and judgements."""
    asked = {name: arguments(each, more) for name, each in SYSTEMS.items()}
    timed = {slug(name): each for name, each in asked.items()}  # all: what is chosen does not change the steps
    made = [
        Cell(TIMED, dance_cells.time_steps, lambda _: {"arguments": timed}),
        Cell(REFERENCES, dance_cells.judge_references, lambda _: _judging(opt)),
    ]
    for name in contenders:
        made += [_trial(slug(name), rate, asked[name], opt) for rate in _several(opt.learning_rates)]
    for seed in range(1, opt.seeds + 1):
        for name, contender in contenders.items():
            if seed > contender.seeds:
                continue
            made.append(_training(slug(name), seed, asked[name], opt))
            if seed == 1 and contender.draws:
                made += [_warmth(slug(name), each, contender, opt) for each in _several(opt.temperatures)]
            made.append(_judgement(slug(name), seed, contender, opt))
    return made


def _trial(name: str, rate: float, words: Sequence[str], opt: argparse.Namespace) -> Cell:
    """One learning rate tried for a part of the minutes."""
    run = f"{name}_rate{rate:g}"

    def ask(found: Mapping[str, Found]) -> Found:
        length = _length(found, name, opt.minutes * opt.grid_share)
        return {"run": run, "arguments": [*words, *length, f"--learning_rate={rate:g}", "--seed=0"]}

    return Cell(f"grid/{run}", dance_cells.train, ask, (TIMED,))


def _training(name: str, seed: int, words: Sequence[str], opt: argparse.Namespace) -> Cell:
    """A training with the learning rate that was best on the held-out songs."""
    run = f"{name}_seed{seed}"
    trials = {f"grid/{name}_rate{rate:g}": rate for rate in _several(opt.learning_rates)}

    def ask(found: Mapping[str, Found]) -> Found:
        losses = {rate: found[trial]["loss"] for trial, rate in trials.items() if trial in found}
        if trials and not losses:
            raise ValueError("no learning rate came to a loss")
        best = min(losses, key=losses.__getitem__, default=opt.learning_rates[0])
        length = _length(found, name, opt.minutes)
        return {"run": run, "arguments": [*words, *length, f"--learning_rate={best:g}", f"--seed={seed}"]}

    return Cell(f"train/{run}", dance_cells.train, ask, (TIMED, *trials))


def _several(values: Sequence[float]) -> Sequence[float]:
    """The values that there are to choose among; none if there is only one."""
    return values if len(values) > 1 else ()


def _warmth(name: str, temperature: float, contender: Contender, opt: argparse.Namespace) -> Cell:
    """What the first training dances to the held-out songs at one temperature."""
    run, place = f"{name}_seed1", f"{name}_temperature{temperature:g}"

    def ask(found: Mapping[str, Found]) -> Found:
        judging = {"split": "val", "metrics": CRITERION, "num_samples": 2, "resamplings": 0}
        return _dancing(run, place, found, temperature, contender, opt) | judging

    return Cell(f"grid/{place}", dance_cells.judge, ask, (f"train/{run}",))


def _judgement(name: str, seed: int, contender: Contender, opt: argparse.Namespace) -> Cell:
    """What a trained model dances, at the temperature that was best on the held-out songs, and how that is judged."""
    run = f"{name}_seed{seed}"
    several = _several(opt.temperatures) if contender.draws else ()
    trials = {f"grid/{name}_temperature{each:g}": each for each in several}

    def ask(found: Mapping[str, Found]) -> Found:
        values = {each: found[trial]["scores"][CRITERION]["value"] for trial, each in trials.items() if trial in found}
        known = {each: value for each, value in values.items() if value is not None}
        best = min(known, key=known.__getitem__, default=opt.temperatures[0])
        return _dancing(run, run, found, best, contender, opt)

    return Cell(f"judge/{run}", dance_cells.judge, ask, (f"train/{run}", *trials))


def _dancing(
    run: str,
    place: str,
    found: Mapping[str, Found],
    temperature: float,
    contender: Contender,
    opt: argparse.Namespace,
) -> Found:
    """What is asked of a run that dances; trained anew, it dances anew."""
    if f"train/{run}" not in found:
        raise ValueError("it was not trained")
    settings = {"seed": 0, "temperature": temperature, "smooth": opt.smooth}
    settings |= {"frames_per_step": contender.frames_per_step}
    return {"run": run, "place": place, "trained": found[f"train/{run}"]["loss"], **settings, **_judging(opt)}


def _length(found: Mapping[str, Found], name: str, minutes: float) -> list[str]:
    """Options for as many steps as these processor minutes hold, in so many parts that are called epochs."""
    if name not in found.get(TIMED, {}).get("seconds", {}):
        raise ValueError("its steps were not timed")
    steps = 60 * minutes / found[TIMED]["seconds"][name]
    epochs = max(1, min(MOST_EPOCHS, round(minutes / EPOCH_MINUTES)))
    return [
        f"--limit_train_batches={max(1, math.floor(steps / epochs))}",
        f"--max_epochs={epochs}",
        f"--warmup_epochs={WARMUP * epochs:g}",
    ]


def _judging(opt: argparse.Namespace) -> Found:
    """What all judgements have in common."""
    return {
        "data_dir": str(opt.data_dir),
        "modality": opt.modality,
        "split": opt.split,
        "songs": opt.songs,
        "skip_s": opt.skip_s,
        "metrics": opt.metrics,
        "few_samples": opt.few_samples,
        "num_samples": opt.samples,
        "resamplings": opt.resamplings,
    }
