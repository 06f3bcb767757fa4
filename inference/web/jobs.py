"""The queue of jobs: one after the other, each with its state for the page and a folder for its files."""

import logging
import queue
import secrets
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from inference.web.request_error import RequestError
from inference.web.wish import Wish

log = logging.getLogger(__name__)

WAITING, WORKING, FINISHED, FAILED, CANCELLED = "waiting", "working", "finished", "failed", "cancelled"
OVER = (FINISHED, FAILED, CANCELLED)
FORMS = ("html", "bvh", "glb", "mp4")
"""What is made of a motion: short names of renderers, which are also the files' endings, the slowest last."""
PATIENCE_S = 10.0
"""How long the end of the program waits for a job to notice that it is cancelled."""


class CancelledError(Exception):
    """Nobody wants this job any more."""


Tell = Callable[[str, int, int], None]
"""Called with what is being done, and how much of it is finished, of how much (0 where that is not known)."""
Perform = Callable[[Wish, Path, Tell], None]
"""Fulfils a wish, writing into a folder. A RequestError says what was wrong with the wish."""


@dataclass
class Job:
    """A wish on its way."""

    key: str
    folder: Path
    wish: Wish
    state: str = WAITING
    doing: str = ""
    finished: int = 0
    total: int = 0
    problem: str = ""
    unwanted: threading.Event = field(default_factory=threading.Event)

    @property
    def results(self) -> Path:
        """The folder that is written into."""
        return self.folder / "results"

    def tell(self, doing: str, finished: int, total: int) -> None:
        """Note how far the work is; CancelledError if it is not wanted any more."""
        if self.unwanted.is_set():
            raise CancelledError
        self.doing, self.finished, self.total = doing, finished, total


class Jobs:
    """All jobs, done by one thread in the order in which they came; of those that are over, the newest are kept."""

    def __init__(self, folder: Path, perform: Perform, *, kept: int = 16, waiting: int = 8):
        """Begin with none. `kept` may be over and `waiting` may wait at a time."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._perform = folder, perform
        self._most_kept, self._most_waiting = kept, waiting
        self._jobs: dict[str, Job] = {}
        self._queue: queue.Queue[Job | None] = queue.Queue()
        self._lock = threading.Lock()
        self._worker = threading.Thread(target=self._work, name="generation", daemon=True)
        self._worker.start()

    def add(self, wish: Callable[[Path], Wish]) -> Job:
        """Put a job at the end of the queue. Its folder is given to `wish`, which puts there what the job reads."""
        with self._lock:
            if sum(job.state == WAITING for job in self._jobs.values()) >= self._most_waiting:
                raise RequestError("too many are waiting already; try again later", HTTPStatus.SERVICE_UNAVAILABLE)
        key = secrets.token_urlsafe(16)
        folder = self._folder / key
        folder.mkdir()
        try:
            job = Job(key, folder, wish(folder))
        except BaseException:
            shutil.rmtree(folder)
            raise
        with self._lock:
            self._jobs[key] = job
            self._forget_old()
            self._queue.put(job)
        return job

    def find(self, key: str) -> Job:
        """The job of this key; RequestError if there is none."""
        with self._lock:
            if key not in self._jobs:
                raise RequestError("there is no such job, or it is no longer kept", HTTPStatus.NOT_FOUND)
            return self._jobs[key]

    def cancel(self, key: str) -> Job:
        """Say that a job is not wanted; it ends when its work is next told of."""
        job = self.find(key)
        job.unwanted.set()
        with self._lock:
            if job.state == WAITING:
                job.state = CANCELLED
        return job

    def described(self, job: Job) -> dict[str, Any]:
        """What the page shows of a job, as plain JSON."""
        with self._lock:
            states = {each.key: each.state for each in self._jobs.values()}
            before = list(states)[: list(states).index(job.key)] if job.key in states else []
            ahead = sum(states[key] in (WAITING, WORKING) for key in before) if job.state == WAITING else 0
            shown: Mapping[str, Any] = {
                name: getattr(job, name) for name in ("state", "doing", "finished", "total", "problem")
            }
        return {"id": job.key, "label": job.wish.label, "ahead": ahead, **shown, "files": list(files_of(job))}

    def close(self) -> None:
        """Cancel everything and wait, for a while, until the worker has stopped."""
        for key in list(self._jobs):
            self.cancel(key)
        self._queue.put(None)
        self._worker.join(PATIENCE_S)

    def _work(self) -> None:
        while job := self._queue.get():
            with self._lock:
                if job.state == CANCELLED:
                    continue
                job.state = WORKING
            state, problem = self._outcome(job)
            with self._lock:
                job.state, job.problem = state, problem
            log.info("%s with %s: %s", job.wish.label, job.wish.model, problem or state)

    def _outcome(self, job: Job) -> tuple[str, str]:
        """Do a job; how it ended, and what went wrong."""
        try:
            self._perform(job.wish, job.results, job.tell)
        except CancelledError:
            return CANCELLED, ""
        except RequestError as error:
            return FAILED, str(error)
        except Exception:
            log.exception("the job failed")
            return FAILED, "something went wrong in the program; the window that it was started in says what"
        return FINISHED, ""

    def _forget_old(self) -> None:
        over = [job for job in self._jobs.values() if job.state in OVER]
        for job in over[: max(len(over) - self._most_kept, 0)]:
            del self._jobs[job.key]
            shutil.rmtree(job.folder, ignore_errors=True)


def files_of(job: Job) -> dict[str, Path]:
    """Form -> file, of those of FORMS that are there already; of several in one form, the first."""
    found = {form: sorted(job.results.rglob(f"[!.]*.{form}")) for form in FORMS}
    return {form: paths[0] for form, paths in found.items() if paths}
