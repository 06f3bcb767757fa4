"""A corpus may have more files than a process may have open at first."""

import os
import resource
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from models.windows import Window
from training.datasets.corpus import open_corpus


@pytest.fixture
def few_files() -> Iterator[int]:
    """How many files may be open: a few more than are; afterwards as many as before."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft = len(os.listdir("/proc/self/fd")) + 20
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, limits[1]))
    yield soft
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system does not tell which files are open")
def test_more_arrays_than_files_may_be_open_are_opened(tmp_path: Path, few_files: int) -> None:
    names = [f"s{number}" for number in range(60)]
    for name in names:
        np.save(tmp_path / f"{name}.motion_20.npy", np.zeros((4, 2), np.float32))
    corpus = open_corpus(tmp_path, names, [Window("motion_20", 2, 3)], None)
    assert len(corpus.arrays["motion_20"]) == 60
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > few_files
