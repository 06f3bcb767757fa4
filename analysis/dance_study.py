"""The controlled study of dances: every model gets the same minutes, about as many parameters, and the same songs.

What is asked: does a probabilistic model with a long memory beat the deterministic one, which blends moves, and the one
with a short memory, which cannot return to the move of two bars ago? A killed study goes on where it was.
"""

import argparse
import itertools
import logging
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import command
from analysis import cells, dance_cells
from analysis.cells import Cell, Found
from analysis.dance_options import make_parser
from analysis.dance_systems import (
    SYSTEMS,
    Contender,
    Options,
    arguments,
    chosen,
    options_of,
    slug,
)
from analysis.dance_table import Outcome, Trained, tables
from feature_extraction.store import save_json, save_text
from training.options import parse
from training.options.paths import home
from training.preparation import prepare_data

log = logging.getLogger(__name__)

CRITERION = "move_variation"
"""By which temperatures and numbers of frames per step are chosen."""
EPOCH_MINUTES, MOST_EPOCHS = 2.0, 3
"""How long a model is trained until its held-out loss is measured, about, and how often that is, at most.

It is more often where an epoch of the corpus is too short for the minutes.
"""
WARMUP = 0.1
"""The share of a training in which the learning rate rises."""
TIMED, REFERENCES = "steps", "references"
T = TypeVar("T")
Manner = tuple[float, int | None]
"""A way to dance: the temperature, and how many frames of the predicted ones are used at a time."""
PREPARED: Options = {"corpus": "demo_large", "recipe": "dance"}


def main(argv: Sequence[str] | None = None) -> int:
    """Do what is not done yet, write the tables and print them."""
    opt, words = make_parser(__doc__).parse_known_args(sys.argv[1:] if argv is None else argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    contenders, more = chosen(opt.models), options_of(words)
    folder = Path(opt.output_folder or home() / "inference" / "generated" / "study_demo")
    one = parse(arguments(next(iter(contenders.values())), {**more, **PREPARED}))
    opt.data_dir, opt.modality = one.data_dir, one.output_modalities
    if opt.prepare:
        prepare_data(one)
    made = make_cells(contenders, opt, more)
    found = cells.kept(made, folder) if opt.table_only else cells.run(made, folder, opt.jobs)
    outcome = gathered(contenders, found, opt)
    save_json(folder / "results.json", outcome.to_dict())
    for name, text in tables(outcome).items():
        save_text(folder / name, text)
    print((folder / "table.txt").read_text(encoding="utf-8"))
    print(*(folder / name for name in ("results.json", "table.txt", "table.md")), sep="\n")
    return 0


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
            if seed == 1:
                made += [_manner(slug(name), each, opt) for each in _several(_manners(contender, opt))]
            made.append(_judgement(slug(name), seed, contender, opt))
    return made


def _trial(name: str, rate: float, words: Sequence[str], opt: argparse.Namespace) -> Cell:
    """One learning rate tried for a part of the minutes."""
    run = f"{name}_rate{rate:g}"

    def ask(found: Mapping[str, Found]) -> Found:
        length = training_length(found, name, opt.minutes * opt.grid_share)
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
        length = training_length(found, name, opt.minutes)
        return {"run": run, "arguments": [*words, *length, f"--learning_rate={best:g}", f"--seed={seed}"]}

    return Cell(f"train/{run}", dance_cells.train, ask, (TIMED, *trials))


def _several(values: Sequence[T]) -> Sequence[T]:
    """The values that there are to choose among; none if there is only one."""
    return values if len(values) > 1 else ()


def _manners(contender: Contender, opt: argparse.Namespace) -> list[Manner]:
    """All ways in which a system may dance."""
    temperatures = opt.temperatures if contender.draws else opt.temperatures[:1]
    counts = opt.frames_per_step if contender.predicts_blocks else (None,)
    return list(itertools.product(temperatures, counts))


def _manner(name: str, manner: Manner, opt: argparse.Namespace) -> Cell:
    """What the first training dances to the held-out songs in one way."""
    run, place = f"{name}_seed1", _place(name, manner)

    def ask(found: Mapping[str, Found]) -> Found:
        judging = {"split": "val", "metrics": CRITERION, "resamplings": 0}
        return _dancing(run, place, found, manner, opt) | judging

    return Cell(f"grid/{place}", dance_cells.judge, ask, (f"train/{run}",))


def _place(name: str, manner: Manner) -> str:
    temperature, count = manner
    return f"{name}_temperature{temperature:g}" + (f"_frames{count}" if count else "")


def _judgement(name: str, seed: int, contender: Contender, opt: argparse.Namespace) -> Cell:
    """What a trained model dances, in the way that was best on the held-out songs, and how that is judged."""
    run, manners = f"{name}_seed{seed}", _manners(contender, opt)
    trials = {f"grid/{_place(name, each)}": each for each in _several(manners)}

    def ask(found: Mapping[str, Found]) -> Found:
        values = {each: found[trial]["scores"][CRITERION]["value"] for trial, each in trials.items() if trial in found}
        known = {each: value for each, value in values.items() if value is not None}
        return _dancing(run, run, found, min(known, key=known.__getitem__, default=manners[0]), opt)

    return Cell(f"judge/{run}", dance_cells.judge, ask, (f"train/{run}", *trials))


def _dancing(run: str, place: str, found: Mapping[str, Found], manner: Manner, opt: argparse.Namespace) -> Found:
    """What is asked of a run that dances; trained anew, it dances anew."""
    if f"train/{run}" not in found:
        raise ValueError("it was not trained")
    temperature, count = manner
    # what is left out at the beginning is the recorded motion that the models go on from
    settings = {"seed": 0, "temperature": temperature, "smooth": opt.smooth, "frames_per_step": count}
    settings |= {"keep_seed": True, "trained": found[f"train/{run}"]["loss"]}
    return {"run": run, "place": place, **settings, **_judging(opt)}


def training_length(found: Mapping[str, Found], name: str, minutes: float) -> list[str]:
    """Options for as many steps as these processor minutes hold, in so many parts that are called epochs."""
    if name not in found.get(TIMED, {}).get("seconds", {}):
        raise ValueError("its steps were not timed")
    steps = 60 * minutes / found[TIMED]["seconds"][name]
    epochs = max(1, min(MOST_EPOCHS, round(minutes / EPOCH_MINUTES)), math.ceil(steps / found[TIMED]["batches"][name]))
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


def _step_s(found: Mapping[str, Found], name: str, runs: Sequence[str]) -> float:
    """The time of a step: as it was in training, or as timed before where nothing was trained at one go."""
    return next((took for run in runs if (took := found[f"train/{run}"]["step_s"])), found[TIMED]["seconds"][name])


def gathered(contenders: Mapping[str, Contender], found: Mapping[str, Found], opt: argparse.Namespace) -> Outcome:
    """What the cells have found, by system; those without a judgement have no runs. ValueError without references."""
    if REFERENCES not in found or TIMED not in found:
        raise ValueError("the study has neither references nor timed steps; what is said above tells why")
    systems = {}
    for name, contender in contenders.items():
        if slug(name) not in found[TIMED]["seconds"]:
            continue
        seeds = [seed for seed in range(1, opt.seeds + 1) if f"judge/{slug(name)}_seed{seed}" in found]
        runs = [f"{slug(name)}_seed{seed}" for seed in seeds]
        rates = {
            rate: found[each]["loss"]
            for rate in opt.learning_rates
            if (each := f"grid/{slug(name)}_rate{rate:g}") in found
        }
        systems[name] = Trained(
            parameters=found[TIMED]["parameters"][slug(name)],
            step_s=_step_s(found, slug(name), runs),
            steps=found[f"train/{runs[0]}"]["steps"] if runs else 0,
            rates=rates,
            temperature=found[f"judge/{runs[0]}"]["temperature"] if runs and contender.draws else None,
            frames_per_step=found[f"judge/{runs[0]}"]["frames_per_step"] if runs else None,
            losses=[found[f"train/{run}"]["loss"] for run in runs],
            scores=[found[f"judge/{run}"]["scores"] for run in runs],
        )
    asked = {
        name: value
        for name, value in vars(opt).items()
        if name not in ("output_folder", "jobs", "prepare", "table_only")
    }
    return Outcome(systems, found[REFERENCES], asked)


if __name__ == "__main__":
    command.run(main)
