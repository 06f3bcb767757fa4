"""The command that measures the speed of each stage on this machine, as a table."""

import argparse
import logging
import time
from collections.abc import Sequence
from functools import partial

import torch
from threadpoolctl import threadpool_limits

import command
from analysis import (
    benchmark_all,
    benchmark_features,
    benchmark_generate,
    benchmark_render,
    benchmark_train,
    benchmark_trainer,
    benchmark_windows,
)
from analysis.timing import matrix_product_rate, table_lines
from option_values import positive

STAGES = {
    "all": (benchmark_all, "some of each stage in one table, with the machine's name"),
    "windows": (benchmark_windows, "gather batches of windows from memory-mapped files"),
    "train": (benchmark_train, "train a model for some steps: windows/s, peak memory, beside the reference"),
    "trainer": (benchmark_trainer, "train through the real trainer: windows/s beside the model's bare steps"),
    "generate": (benchmark_generate, "generate one sequence, a batch and a stream: frames/s, beside the reference"),
    "render": (benchmark_render, "write motion in each form: times real time"),
    "features": (benchmark_features, "read recordings and extract each feature of motion and sound, and back"),
}
"""Name -> module and what it does; `all` takes some of the others."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure one stage and print its table, with the machine's matrix-product rate in the same run."""
    parser = _parser()
    arguments, others = parser.parse_known_args(argv)
    if others and "others" not in arguments:
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    arguments.others = others
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(arguments.threads)
    with threadpool_limits(arguments.threads):
        table = arguments.measure(arguments)
    clock = time.process_time if arguments.threads == 1 else time.perf_counter
    rate = partial(matrix_product_rate, clock=clock)
    table += [
        (f"matrix product, {name}", f"{rate(dtype) / 1e9:.0f} GFLOP/s, {arguments.threads} threads")
        for name, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16))
    ]
    print(*table_lines(table), sep="\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m analysis.benchmark", description=__doc__, allow_abbrev=False)
    stages = parser.add_subparsers(title="stages", required=True)
    for name, (stage, what) in STAGES.items():
        options = stages.add_parser(name, help=what, allow_abbrev=False)
        options.set_defaults(measure=stage.measure, stages={each: module for each, (module, _) in STAGES.items()})
        options.add_argument("--threads", type=positive, default=1, help="threads")
        stage.add_options(options)
    return parser


if __name__ == "__main__":
    command.run(main)
