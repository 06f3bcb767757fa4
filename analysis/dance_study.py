"""The controlled study of dances: every model gets the same minutes, about as many parameters, and the same songs.

What is asked: does a probabilistic model with a long memory beat the deterministic one, which blends moves, and the one
with a short memory, which cannot return to the move of two bars ago? A killed study goes on where it was.
"""

import argparse
import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import command
from analysis import cells
from analysis.cells import Found
from analysis.dance_plan import REFERENCES, TIMED, make_cells
from analysis.dance_systems import (
    LEARNING_RATES,
    MEMORY,
    SYSTEMS,
    TEMPERATURES,
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
from training.options.values import natural, positive
from training.preparation import prepare_data

log = logging.getLogger(__name__)

METRICS = (
    "fpd,fmd,fgd,beat_offset,beat_alignment,motion_beats,move_variation,return_rate,none_share,drop_jumps,"
    "diversity_k,speed,jerk,nll"
)
PREPARED: Options = {"corpus": "demo", "recipe": "dance"}
FPS = 20


def main(argv: Sequence[str] | None = None) -> int:
    """Do what is not done yet, write the tables and print them."""
    opt, words = _parser().parse_known_args(sys.argv[1:] if argv is None else argv)
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
            step_s=found[TIMED]["seconds"][slug(name)],
            steps=found[f"train/{runs[0]}"]["steps"] if runs else 0,
            rates=rates,
            temperature=found[f"judge/{runs[0]}"]["temperature"] if runs and contender.draws else None,
            losses=[found[f"train/{run}"]["loss"] for run in runs],
            scores=[found[f"judge/{run}"]["scores"] for run in runs],
        )
    asked = {
        name: value
        for name, value in vars(opt).items()
        if name not in ("output_folder", "jobs", "prepare", "table_only")
    }
    return Outcome(systems, found[REFERENCES], asked)


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(","))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m analysis.study demo",
        description=__doc__,
        epilog="Every other option, such as --data_dir, goes to all trainings.",
        allow_abbrev=False,
    )
    add, yes_no = parser.add_argument, argparse.BooleanOptionalAction
    names = ", ".join(map(slug, SYSTEMS))
    add(
        "--minutes", type=float, default=7.0, help="processor minutes that each model is trained (default: %(default)s)"
    )
    add("--grid_share", type=float, default=0.25, help="the part of them that a learning rate is tried for")
    add("--learning_rates", type=_numbers, default=LEARNING_RATES, help="the grid, on the held-out loss")
    add("--seeds", type=positive, default=3, help="how often a model is trained, at most (default: %(default)s)")
    add("--models", default="", help=f"comma-separated, of {names} (default: all)")
    add("--jobs", type=natural, default=2, help="how many processes work at a time; 0: this one (default: %(default)s)")
    add("--samples", type=positive, default=5, help="dances to each song (default: %(default)s)")
    add("--songs", type=natural, default=0, help="only so many songs of the split, 0 for all")
    add("--split", default="test", help="the songs that are danced to (default: %(default)s)")
    add("--skip_s", type=float, default=MEMORY / FPS, help="beginning that is not looked at (default: %(default)s)")
    add("--metrics", default=METRICS, help="comma-separated (default: %(default)s)")
    add("--resamplings", type=natural, default=200, help="for the intervals (default: %(default)s)")
    add("--few_samples", action=yes_no, default=False, help="allow Frechet distances of fewer samples than dimensions")
    add("--temperatures", type=_numbers, default=TEMPERATURES, help="the grid of those that draw, by moves danced")
    add("--smooth", action=yes_no, default=True, help="smooth all that is generated (default: %(default)s)")
    add("--table_only", action="store_true", help="do nothing more, and write the tables of what is done")
    add("--output_folder", default="", help="by default inference/generated/study_demo")
    add("--prepare", action=yes_no, default=True, help="make the corpus and its features first")
    return parser


if __name__ == "__main__":
    command.run(main)
