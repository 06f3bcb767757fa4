"""The command that measures the speed of each stage on this machine, as a table."""

import argparse
import statistics
from collections.abc import Sequence

import torch
from threadpoolctl import threadpool_limits

import command
from analysis import benchmark_features, benchmark_windows
from analysis.timing import table_lines, wall_seconds


def main(argv: Sequence[str] | None = None) -> int:
    """Measure one stage and print its table, with the machine's matrix-product rate in the same run."""
    arguments = _parser().parse_args(argv)
    torch.set_num_threads(arguments.threads)
    with threadpool_limits(arguments.threads):
        table = arguments.measure(arguments)
    table += [
        (f"matrix product, {name}", f"{matrix_product_rate(dtype) / 1e9:.0f} GFLOP/s, {arguments.threads} threads")
        for name, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16))
    ]
    print(*table_lines(table), sep="\n")
    return 0


def matrix_product_rate(dtype: torch.dtype, size: int = 1024, repeats: int = 20) -> float:
    """Floating-point operations per second of a product of two (size, size) matrices: the median of repeats."""
    a, b = (torch.randn(size, size).to(dtype) for _ in range(2))
    for _ in range(5):
        a @ b
    return 2 * size**3 / statistics.median(wall_seconds(lambda: a @ b) for _ in range(repeats))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m analysis.benchmark", description=__doc__, allow_abbrev=False)
    stages = parser.add_subparsers(title="stages", required=True)
    for name, stage, what in (
        ("windows", benchmark_windows, "gather batches of windows from memory-mapped files"),
        ("features", benchmark_features, "read recordings and extract each feature of motion and sound, and back"),
    ):
        options = stages.add_parser(name, help=what, allow_abbrev=False)
        options.set_defaults(measure=stage.measure)
        options.add_argument("--threads", type=int, default=1, help="threads")
        stage.add_options(options)
    return parser


if __name__ == "__main__":
    command.run(main)
