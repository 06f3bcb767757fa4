"""One function over many files: in processes here or on a cluster, behind one progress bar, results in order."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

from joblib import Parallel, delayed, effective_n_jobs, parallel_config
from joblib.externals.loky.process_executor import TerminatedWorkerError
from threadpoolctl import threadpool_limits
from tqdm import tqdm

Result = TypeVar("Result")

LOCAL = "loky"
BACKENDS = (LOCAL, "dask", "ray")
"""Where the processes are: of this machine, or of a cluster whose machines see the same folders."""


class Workers:
    """A number of processes and the bar that shows how far they are."""

    def __init__(self, jobs: int, bar: tqdm, return_as: str = "generator"):
        """Use `jobs` processes; 1 stays in this one. Where all results come at once, `return_as` is "list"."""
        self.jobs = jobs
        self.bar = bar
        self.return_as = return_as

    def each(
        self,
        title: str,
        function: Callable[..., Result],
        arguments: Sequence[tuple[Any, ...]],
        step: int = 1,
        here: bool = False,
    ) -> list[Result]:
        """Give the function's results for each of the arguments; each moves the bar by `step`.

        With `here`, nothing leaves this process. ChildProcessError when the system ends a process, as a rule for want
        of memory.
        """
        self.bar.set_description(title)
        try:
            return list(self._counted(self._results(function, arguments, here), step))
        except TerminatedWorkerError as error:
            raise ChildProcessError(
                f"a process was ended from outside while {title}, probably for want of memory; "
                "what is done is kept: start again with fewer --jobs"
            ) from error

    def _results(
        self, function: Callable[..., Result], arguments: Sequence[tuple[Any, ...]], here: bool
    ) -> Iterator[Result]:
        if here or min(self.jobs, len(arguments)) < 2:
            return (function(*each) for each in arguments)
        results = Parallel(n_jobs=self.jobs, return_as=self.return_as)(delayed(function)(*each) for each in arguments)
        return iter(results)

    def _counted(self, results: Iterator[Result], step: int) -> Iterator[Result]:
        for result in results:
            self.bar.update(step)
            yield result


@contextmanager
def workers(
    jobs: int = -1, total: int = 0, progress: bool = True, backend: str = LOCAL, scheduler: str | None = None
) -> Iterator[Workers]:
    """Lend processes (`jobs` below 1: one for each core), each with one thread for its linear algebra.

    A cluster is named by the address of its `scheduler`; ray takes the machine itself without one. ValueError where
    that does not fit or the backend is not installed. The bar, of `total` steps, is shown on a terminal only, and not
    at all without `progress`.
    """
    with ExitStack() as stack:
        stack.enter_context(_BACKENDS[backend](scheduler))
        stack.enter_context(threadpool_limits(1))  # this process is one of them
        bar = stack.enter_context(
            tqdm(total=total, unit="file", disable=None if progress else True, dynamic_ncols=True)
        )
        return_as = "list" if backend == "ray" else "generator"
        yield Workers(effective_n_jobs(-1) if jobs < 1 else jobs, bar, return_as)
        bar.total = bar.n  # what failed on the way had no further steps


@contextmanager
def _loky(scheduler: str | None) -> Iterator[None]:
    if scheduler:
        raise ValueError(f"--scheduler {scheduler} is for --backend dask or ray")
    with parallel_config(backend=LOCAL, inner_max_num_threads=1):
        yield


@contextmanager
def _dask(scheduler: str | None) -> Iterator[None]:
    if not scheduler:
        raise ValueError("--backend dask needs --scheduler ADDRESS, such as tcp://host:8786 (`dask scheduler` says it)")
    try:
        from dask.distributed import Client
    except ImportError as error:
        raise ValueError(_not_installed("dask")) from error
    with Client(scheduler, set_as_default=True), parallel_config(backend="dask"):
        yield


@contextmanager
def _ray(scheduler: str | None) -> Iterator[None]:
    try:
        import ray
        from ray.util.joblib import register_ray
    except ImportError as error:
        raise ValueError(_not_installed("ray")) from error
    ray.init(address=scheduler, ignore_reinit_error=True, log_to_driver=False)
    register_ray()
    try:
        with parallel_config(backend="ray"):
            yield
    finally:
        ray.shutdown()


def _not_installed(backend: str) -> str:
    return f"--backend {backend} needs packages that are not here: pip install '.[{backend}]' in the project's folder"


_BACKENDS = {LOCAL: _loky, "dask": _dask, "ray": _ray}
