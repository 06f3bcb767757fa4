"""Work is spread over processes, here or on a cluster, and its results come back in order."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from feature_extraction.extract import extract, main
from feature_extraction.parallel import workers
from tests.feature_extraction.small_corpus import contents, make_corpus


def test_results_come_in_the_order_of_the_arguments() -> None:
    with workers(2, progress=False) as pool:
        assert pool.each("powers", pow, [(base, 2) for base in range(50)]) == [base**2 for base in range(50)]


def test_one_job_stays_in_this_process() -> None:
    with workers(1, progress=False) as pool:
        assert pool.each("asking", os.getpid, [(), ()]) == [os.getpid()] * 2


def threads_of_linear_algebra() -> set[int]:
    np.ones((2, 2)) @ np.ones((2, 2))
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@pytest.mark.parametrize("jobs", [1, 2])
def test_linear_algebra_has_one_thread_whatever_the_jobs(jobs: int) -> None:
    with workers(jobs, progress=False) as pool:
        assert pool.each("counting", threads_of_linear_algebra, [(), ()]) == [{1}, {1}]


def test_a_process_that_dies_is_told_plainly() -> None:
    with workers(2, progress=False) as pool, pytest.raises(ChildProcessError, match="fewer --jobs"):
        pool.each("dying", os._exit, [(1,), (1,)])


@pytest.mark.parametrize(
    ("backend", "scheduler", "message"),
    [
        ("loky", "tcp://host:8786", "--scheduler tcp://host:8786 is for --backend dask or ray"),
        ("dask", None, "--backend dask needs --scheduler"),
        ("dask", "tcp://host:8786", r"pip install '\.\[dask\]'"),
        ("ray", None, r"pip install '\.\[ray\]'"),
    ],
)
def test_a_cluster_that_cannot_be_used_is_refused_before_anything_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backend: str, scheduler: str | None, message: str
) -> None:
    for package in ("dask", "dask.distributed", "ray"):
        monkeypatch.setitem(sys.modules, package, None)
    folder = make_corpus(tmp_path / "corpus", 1)
    before = contents(folder)
    options = ["--backend", backend, *(["--scheduler", scheduler] if scheduler else [])]
    with pytest.raises(ValueError, match=message):
        main([str(folder), "--recipe", str(folder / "small.yaml"), *options])
    assert contents(folder) == before


@pytest.mark.slow
def test_a_cluster_gives_the_same_bytes(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    here, there = make_corpus(tmp_path / "here"), make_corpus(tmp_path / "there")
    extract(here, here / "small.yaml", jobs=1, progress=False)
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        extract(there, there / "small.yaml", backend="dask", scheduler=cluster.scheduler_address, progress=False)
    assert contents(there) == contents(here)


@pytest.mark.slow
def test_ray_gives_the_same_bytes(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    here, there = make_corpus(tmp_path / "here"), make_corpus(tmp_path / "there")
    extract(here, here / "small.yaml", jobs=1, progress=False)
    extract(there, there / "small.yaml", backend="ray", progress=False)
    assert contents(there) == contents(here)
