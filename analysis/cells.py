"""Long work in cells: processes do each of them once, and what a cell has found is kept as JSON, so that it goes on."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from feature_extraction.store import load_json, save_json

log = logging.getLogger(__name__)

Found = dict[str, Any]
"""Plain JSON: what a cell was asked, or has found."""
Work = Callable[[Path, Found], Found]
"""Given the folder of all cells and what is asked: what is found, with a few words about it as `said`.

It is a function of a module, since another process calls it. Called again after it was killed, it goes on where it was.
"""
NO_BARS = "TQDM_DISABLE"
"""The environment variable that forbids progress bars."""
ORPHANED_S = 2.0
"""How long after the main process the others live."""


@dataclass(frozen=True)
class Cell:
    """A piece of work: its result is kept as `<name>.json`, and is valid for what was asked."""

    name: str
    work: Work
    ask: Callable[[Mapping[str, Found]], Found]
    """Given what the needed cells have found, those left out that failed: what is asked; ValueError if it cannot be."""
    needs: tuple[str, ...] = ()


def run(cells: Sequence[Cell], folder: Path, jobs: int) -> dict[str, Found]:
    """Do what is not done yet, the first cells first, once those that they need are done; what was found, by name.

    A cell that fails is told of and left out, with those that cannot do without it; the next call tries it again.

    Args:
        cells: each after those that it needs.
        folder: of the results; the work may keep other things there.
        jobs: how many processes work at the same time, each with one thread; 0: this one does all.

    Raises:
        ChildProcessError: if the system ends a process.
    """
    names = [cell.name for cell in cells]
    assert all(need in names[:place] for place, cell in enumerate(cells) for need in cell.needs), "each after its needs"
    over: dict[str, Found | None] = {}
    waiting, running = list(cells), dict[Future, Cell]()
    with _processes(jobs) as pool:
        while waiting or running:
            for cell in [each for each in waiting if all(need in over for need in each.needs)]:
                if len(running) >= max(jobs, 1):
                    break
                waiting.remove(cell)
                try:
                    asked = cell.ask({need: found for need in cell.needs if (found := over[need]) is not None})
                except ValueError as error:
                    _tell(cell, error)
                    over[cell.name] = None
                    continue
                kept = kept_result(folder, cell.name, asked)
                if kept is not None:
                    over[cell.name] = kept
                else:
                    running[pool.submit(_work, cell.work, folder, cell.name, asked)] = cell
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                cell = running.pop(future)
                over[cell.name] = _outcome(cell, future, f"{len(over) + 1} of {len(cells)}")
    return {name: found for name, found in over.items() if found is not None}


def kept(cells: Sequence[Cell], folder: Path) -> dict[str, Found]:
    """What has been found already, by name, without doing any work."""
    over: dict[str, Found] = {}
    for cell in cells:
        try:
            asked = cell.ask({need: over[need] for need in cell.needs if need in over})
        except ValueError:  # of a cell that waits for others
            continue
        if (found := kept_result(folder, cell.name, asked)) is not None:
            over[cell.name] = found
    return over


def kept_result(folder: Path, name: str, asked: Found) -> Found | None:
    """What a cell has found before when it was asked the same; None if it has not."""
    path = _path(folder, name)
    record = load_json(path) if path.is_file() else {}
    return record["found"] if record.get("asked") == asked else None


def _path(folder: Path, name: str) -> Path:
    return folder / "cells" / f"{name}.json"


def _work(work: Work, folder: Path, name: str, asked: Found) -> tuple[Found, float]:
    """Work in a process of the pool, and keep what is found before the main process hears of it."""
    began = time.perf_counter()
    found = work(folder, asked)
    path = _path(folder, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    minutes = (time.perf_counter() - began) / 60
    save_json(path, {"asked": asked, "found": found, "minutes": round(minutes, 2)})
    return found, minutes


def _outcome(cell: Cell, future: Future, place: str) -> Found | None:
    try:
        found, minutes = future.result()
    except BrokenProcessPool as error:
        raise ChildProcessError(
            f"a process was ended from outside during {cell.name}, probably for want of memory; what is done is kept: "
            "start again with fewer --jobs"
        ) from error
    except Exception as error:  # of whatever kind it is, the other cells are worth having
        _tell(cell, error)
        return None
    log.info("%8s  %-34s %5.1f min  %s", place, cell.name, minutes, found.get("said", ""))
    return found


def _tell(cell: Cell, error: Exception) -> None:
    log.error("%s failed: %s", cell.name, str(error) or type(error).__name__)
    log.debug("its traceback", exc_info=error)


class _Here(Executor):
    """Does the work at once, in this process."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **keywords: Any) -> Future:
        """Give a future that is over."""
        future: Future = Future()
        try:
            future.set_result(function(*arguments, **keywords))
        except Exception as error:
            future.set_exception(error)
        return future


@contextmanager
def _processes(jobs: int) -> Iterator[Executor]:
    """Lend processes that end with this one, however it ends."""
    if jobs < 1:
        yield _Here()
        return
    context = get_context("spawn")
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin, initargs=(os.getpid(),))
    with _without_bars(), pool:
        yield pool


@contextmanager
def _without_bars() -> Iterator[None]:
    """Bid the processes that begin meanwhile draw no bars, which would write over one another."""
    before = os.environ.get(NO_BARS)
    os.environ[NO_BARS] = "1"  # tqdm reads it when it is imported
    try:
        yield
    finally:
        del os.environ[NO_BARS]
        if before is not None:
            os.environ[NO_BARS] = before


def _begin(parent: int) -> None:
    """Compute with one thread, and end when the main process has been killed."""
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(1)
    threadpool_limits(1)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(ORPHANED_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
