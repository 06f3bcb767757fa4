"""The options of the study of dances: how long, how often, what is tried and what is measured."""

import argparse

from analysis.dance_systems import FRAMES_PER_STEP, LEARNING_RATES, MEMORY, SYSTEMS, TEMPERATURES, slug
from option_values import above_zero, natural, not_negative, positive

METRICS = (
    "fpd,fmd,fgd,beat_offset,beat_alignment,motion_beats,move_variation,return_rate,none_share,drop_jumps,"
    "diversity_k,speed,jerk,nll"
)
FPS = 20


def make_parser(description: str | None = None) -> argparse.ArgumentParser:
    """The parser of the study's own options."""
    parser = argparse.ArgumentParser(
        prog="python -m analysis.study demo",
        description=description,
        epilog="Every other option, such as --data_dir, goes to all trainings.",
        allow_abbrev=False,
    )
    add, yes_no = parser.add_argument, argparse.BooleanOptionalAction
    names = ", ".join(map(slug, SYSTEMS))
    add(
        "--minutes",
        type=above_zero,
        default=7.0,
        help="processor minutes that each model is trained (default: %(default)s)",
    )
    add("--grid_share", type=above_zero, default=0.25, help="the part of them that a learning rate is tried for")
    add("--learning_rates", type=_numbers, default=LEARNING_RATES, help="the grid, on the held-out loss")
    add("--seeds", type=positive, default=3, help="how often a model is trained, at most (default: %(default)s)")
    add("--models", default="", help=f"comma-separated, of {names} (default: all)")
    add("--jobs", type=natural, default=2, help="how many processes work at a time; 0: this one (default: %(default)s)")
    add("--samples", type=positive, default=5, help="dances to each song (default: %(default)s)")
    add("--songs", type=natural, default=0, help="only so many songs of the split, 0 for all")
    add("--split", default="test", help="the songs that are danced to (default: %(default)s)")
    add(
        "--skip_s",
        type=not_negative,
        default=MEMORY / FPS,
        help="beginning that is not looked at (default: %(default)s)",
    )
    add("--metrics", default=METRICS, help="comma-separated (default: %(default)s)")
    add("--resamplings", type=natural, default=200, help="for the intervals (default: %(default)s)")
    add("--few_samples", action=yes_no, default=False, help="allow Frechet distances of fewer samples than dimensions")
    add("--temperatures", type=_numbers, default=TEMPERATURES, help="the grid of those that draw, by moves danced")
    add(
        "--frames_per_step",
        type=_counts,
        default=FRAMES_PER_STEP,
        help="the grid of those that predict blocks: how many frames are used at a time, by moves danced",
    )
    add("--smooth", action=yes_no, default=True, help="smooth all that is generated (default: %(default)s)")
    add("--table_only", action="store_true", help="do nothing more, and write the tables of what is done")
    add("--output_folder", default="", help="by default inference/generated/study_demo")
    add("--prepare", action=yes_no, default=True, help="make the corpus and its features first")
    return parser


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(","))


def _counts(text: str) -> tuple[int, ...]:
    return tuple(positive(part) for part in text.split(","))
