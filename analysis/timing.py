"""How long something takes, and the tables that tell it."""

import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import zip_longest

Table = list[tuple[str, ...]]
"""Rows of a name and what there is to say about it."""


def wall_seconds(action: Callable[[], object]) -> float:
    """Give the seconds on the clock that something takes once."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


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


def table_lines(table: Table) -> list[str]:
    """Give the lines of a table, its columns aligned."""
    widths = [max(map(len, column)) for column in zip_longest(*table, fillvalue="")]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in table]
