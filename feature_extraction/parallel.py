"""One function over many files: in processes, behind one progress bar, results in the order of the arguments."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from joblib import Parallel, cpu_count, delayed, parallel_config
from joblib.externals.loky.process_executor import TerminatedWorkerError
from tqdm import tqdm

Result = TypeVar("Result")


class Workers:
    """A number of processes and the bar that shows how far they are."""

    def __init__(self, jobs: int, bar: tqdm):
        """Use `jobs` processes; 1 stays in this one."""
        self.jobs = jobs
        self.bar = bar

    def each(
        self, title: str, function: Callable[..., Result], arguments: Sequence[tuple[Any, ...]], step: int = 1
    ) -> list[Result]:
        """Give the function's results for each of the arguments; each moves the bar by `step`.

        ChildProcessError when the system ends a process, for want of memory as a rule.
        """
        self.bar.set_description(title)
        try:
            return list(self._counted(self._results(function, arguments), step))
        except TerminatedWorkerError as error:
            raise ChildProcessError(
                f"a process was ended from outside while {title}, probably for want of memory; "
                "what is done is kept: start again with fewer --jobs"
            ) from error

    def _results(self, function: Callable[..., Result], arguments: Sequence[tuple[Any, ...]]) -> Iterator[Result]:
        if min(self.jobs, len(arguments)) < 2:
            return (function(*each) for each in arguments)
        return Parallel(n_jobs=self.jobs, return_as="generator")(delayed(function)(*each) for each in arguments)

    def _counted(self, results: Iterator[Result], step: int) -> Iterator[Result]:
        for result in results:
            self.bar.update(step)
            yield result


@contextmanager
def workers(jobs: int = -1, total: int = 0, progress: bool = True) -> Iterator[Workers]:
    """Lend processes (`jobs` below 1: one for each core), each with one thread for its linear algebra.

    The bar, of `total` steps, is shown on a terminal only, and not at all without `progress`.
    """
    with (
        parallel_config(backend="loky", inner_max_num_threads=1),
        tqdm(total=total, unit="file", disable=None if progress else True, dynamic_ncols=True) as bar,
    ):
        yield Workers(cpu_count() if jobs < 1 else jobs, bar)
        bar.total = bar.n  # what failed on the way had no further steps
