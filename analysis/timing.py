"""How long something takes and how much memory, and the tables that tell it."""

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import zip_longest
from pathlib import Path

import torch

Table = list[tuple[str, ...]]
"""Rows of a name and what there is to say about it."""


def wall_seconds(action: Callable[[], object]) -> float:
    """Give the seconds on the clock that something takes once."""
    return seconds_of_each(action, 1, time.perf_counter)[0]


def seconds_of_each(action: Callable[[], object], times: int, clock: Callable[[], float]) -> list[float]:
    """Give the seconds that something takes each time, by a clock such as `time.process_time`."""
    seconds = []
    for _ in range(times):
        start = clock()
        action()
        seconds.append(clock() - start)
    return seconds


def matrix_product_rate(
    dtype: torch.dtype, size: int = 1024, repeats: int = 20, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Floating-point operations per second of a product of two (size, size) matrices: the median of repeats."""
    a, b = (torch.randn(size, size).to(dtype) for _ in range(2))
    return 2 * size**3 / statistics.median(seconds_of_each(lambda: a @ b, 5 + repeats, clock)[5:])


def matrix_vector_rate(
    weights: int, size: int = 256, repeats: int = 5, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Bytes a second that products of (size, size) float32 matrices with a vector read, of `weights` bytes in all.

    A model that gives a frame at a time does nothing else; how many bytes there are decides what memory they come from.
    """
    matrices = [torch.randn(size, size) for _ in range(max(1, weights // (4 * size**2)))]
    vector = torch.randn(size)

    def read() -> None:
        for matrix in matrices:
            torch.mv(matrix, vector)

    seconds = statistics.median(seconds_of_each(read, 1 + repeats, clock)[1:])
    return len(matrices) * 4 * size**2 / seconds


def processor_seconds(action: Callable[[], object], repeats: int, least_s: float = 0.03) -> float:
    """Give the median seconds of this process's own computing, so that others at work count little.

    Once something is warm it is done `repeats` times, and on until `least_s` seconds are spent.
    """
    action()
    measured: list[float] = []
    while len(measured) < repeats or sum(measured) < least_s:
        start = time.process_time()
        action()
        measured.append(time.process_time() - start)
    return statistics.median(measured)


def wall_seconds_in_turns(actions: Sequence[Callable[[int], object]], turns: int, block: int = 20) -> list[float]:
    """Give the median seconds of each action, which is told its turn.

    They take turns in blocks, so that a busy machine slows all of them alike and each still finds its own memory in
    the cache.
    """
    seconds: list[list[float]] = [[] for _ in actions]
    for start in range(0, turns, block):
        for action, measured in zip(actions, seconds, strict=True):
            for turn in range(start, min(start + block, turns)):
                measured.append(wall_seconds(partial(action, turn)))
    return [statistics.median(each) for each in seconds]


def peak_memory() -> int:
    """The most bytes of memory that this process has had at a time.

    By the kernel's own account where there is one: in that of `resource` a process begins with what its parent had.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def table_lines(table: Table) -> list[str]:
    """Give the lines of a table, its columns aligned but for what a line ends with.

    >>> table_lines([("all", "a long sentence"), ("all", "1", "2")])
    ['all  a long sentence', 'all  1  2']
    """
    widths = [max(map(len, column)) for column in zip_longest(*(row[:-1] for row in table), fillvalue="")]
    return ["  ".join([*map(str.ljust, row[:-1], widths), row[-1]]).rstrip() for row in table]
