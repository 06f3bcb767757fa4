"""The speed of every stage in one table: what one looks at first on a machine."""

import argparse
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

import torch

from analysis.machine import machine
from analysis.timing import Table, matrix_product_rate

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Part:
    """A run of one stage, and which rows of its table are shown."""

    name: str
    stage: str
    words: str
    """Its arguments."""
    rows: Sequence[str] = ()
    """By what they begin with, up to a comma; all but the first if none are named."""


MOTION_AND_SOUND = ("dance audio", "parse BVH", "dance motion", "decode and write BVH")
GENERATED = ("sampler", "16 sequences", "stream")
LEARNT = ("speed", "peak memory")

PARTS = (
    Part("features", "features", "--seconds 60 --repeats 3", MOTION_AND_SOUND),
    Part("windows", "windows", "--batches 200", ("gathered",)),
    Part("train transformer, small", "train", "--model transformer --size small --steps 2", LEARNT),
    Part("train transflower, small", "train", "--model transflower --size small --steps 2", LEARNT),
    Part("train moglow, paper", "train", "--model moglow --size paper --steps 1", LEARNT),
    Part("train contextseq2seq, paper", "train", "--model contextseq2seq --size paper --steps 2", LEARNT),
    Part("generate transformer, small", "generate", "--model transformer --size small", GENERATED),
    Part("generate transflower, small", "generate", "--model transflower --size small", GENERATED),
    Part("generate moglow, paper", "generate", "--model moglow --size paper", GENERATED),
    Part("generate contextseq2seq, paper", "generate", "--model contextseq2seq --size paper", GENERATED),
    Part("render", "render", "--seconds 10"),
)
"""A few minutes on two cores."""
QUICK = (
    Part("features", "features", "--seconds 10 --repeats 1", MOTION_AND_SOUND),
    Part("windows", "windows", "--batches 50", ("gathered",)),
    Part("train transformer, small", "train", "--model transformer --size small --steps 1", LEARNT),
    Part("generate transformer, small", "generate", "--model transformer --size small --frames 10", GENERATED),
    Part("render", "render", "--seconds 2"),
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare how much is measured."""
    parser.add_argument("--quick", action="store_true", help="less of each, in half a minute or so")


def measure(arguments: argparse.Namespace) -> Table:
    """Run a part of each stage; a line for each number, with the rate of matrix products before and after it."""
    clock = time.process_time if arguments.threads == 1 else time.perf_counter
    table: Table = [("machine", machine())]
    rate = matrix_product_rate(torch.float32, clock=clock)
    for part in QUICK if arguments.quick else PARTS:
        log.info("%s ...", part.name)
        before, found = rate, _measured(arguments.stages[part.stage], part.words, arguments.threads)
        rate = matrix_product_rate(torch.float32, clock=clock)
        shown = [row for row in found if _kind(row) in part.rows] if part.rows else found[1:]
        assert {*map(_kind, shown)} >= {*part.rows}, f"{part.name} has no longer all of the rows {part.rows}"
        products = f"{(before + rate) / 2e9:.0f} GFLOP/s"
        table += [(part.name, name, ", ".join(filter(None, said)), products) for name, *said in shown]
    return table


def _kind(row: Sequence[str]) -> str:
    return row[0].partition(",")[0]


def _measured(stage: ModuleType, words: str, threads: int) -> Table:
    """The table of a stage that is given these arguments."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    stage.add_options(parser)
    arguments, others = parser.parse_known_args(words.split())
    arguments.others, arguments.threads = others, threads
    return stage.measure(arguments)
