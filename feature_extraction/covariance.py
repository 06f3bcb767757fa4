"""First and second moments of a feature over a split: what a Frechet distance needs of a corpus."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import chain
from pathlib import Path

import numpy as np

import registry
from feature_extraction.feature import few
from feature_extraction.mirroring import array_path, is_shared
from feature_extraction.npz import read_named
from feature_extraction.projection import Scatter
from feature_extraction.store import atomic_path, find_arrays, load_array, read_split, split_path

log = logging.getLogger(__name__)

MOST_FRAMES = 65536
"""So many frames of a memory-mapped array are in memory at a time."""


@dataclass(frozen=True)
class SecondMoments:
    """The number of frames, their (dim,) mean and their (dim, dim) covariance, float64.

    The covariance is of deviations from the mean and divides by count - 1, as `np.cov` does.
    """

    count: int
    mean: np.ndarray
    covariance: np.ndarray

    @classmethod
    def load(cls, path: Path) -> "SecondMoments":
        """Read them from their npz file; ValueError naming it when it is none."""
        count, mean, covariance = read_named(path, "count", "mean", "covariance")
        return cls(int(count), mean, covariance)

    def save(self, path: Path) -> None:
        """Write them as npz, in one step."""
        with atomic_path(path) as temporary:
            np.savez(temporary, count=self.count, mean=self.mean, covariance=self.covariance)


def second_moments(data_dir: Path, feature: str, split: str = "train") -> SecondMoments:
    """Gather the moments of a feature over all frames of a split; the arrays stay memory-mapped.

    Sequences without the feature are left out with a line, and so are mirror images that the list does not name.
    ValueError where an array does not fit.
    """
    parts = _parts(_arrays(data_dir, feature, split))
    first = next(parts)
    typical = first.mean(axis=0)  # sums of products cancel where means are large: these deviations have small ones
    scatter = reduce(Scatter.__add__, (Scatter.of(part - typical) for part in chain([first], parts)))
    if scatter.count < 2:
        raise ValueError(f"{feature} has one frame in {split_path(data_dir, split)}; a covariance needs two")
    mean = typical + scatter.sums / scatter.count
    return SecondMoments(scatter.count, mean, scatter.covariance * (scatter.count / (scatter.count - 1)))


def moments_path(data_dir: Path, feature: str, split: str = "train") -> Path:
    """Give where the moments of a feature lie; those of train have the plain name."""
    return Path(data_dir) / f"{feature}.moments{'' if split == 'train' else '_' + split}.npz"


def _arrays(data_dir: Path, feature: str, split: str) -> list[Path]:
    """Give the arrays of a feature in a split, at least one."""
    present = sorted({name for found in find_arrays(data_dir).values() for name in found})
    if feature not in present:
        hint = registry.nearest(feature, present) or f"there are: {', '.join(present) or 'none'}"
        raise LookupError(f"no feature {feature!r} in {data_dir}; {hint}")
    listed = read_split(data_dir, split)
    shared = is_shared(data_dir, feature)
    paths = {name: array_path(data_dir, name, feature, shared) for name in listed}
    absent = [name for name, path in paths.items() if not path.is_file()]
    if len(absent) == len(listed):
        raise ValueError(f"none of the {len(listed)} sequences of {split_path(data_dir, split)} has {feature}")
    if absent:
        log.warning("%d sequences of %s have no %s and are left out: %s", len(absent), split, feature, few(absent))
    return [path for path in paths.values() if path.is_file()]


def _parts(paths: Sequence[Path]) -> Iterator[np.ndarray]:
    """Give the frames of all arrays, some at a time, float64."""
    dim = None
    for path in paths:
        values = load_array(path)
        if values.ndim != 2 or not len(values):
            raise ValueError(f"{path} is {values.shape}, not (frames, dim) with some frames; extract it again")
        if values.dtype.kind != "f":
            raise ValueError(f"{path} holds {values.dtype}, tokens or classes, which have no moments")
        if values.shape[1] != (dim := dim or values.shape[1]):
            raise ValueError(f"{path} has {values.shape[1]} columns, {paths[0].name} {dim}; extract them again")
        for start in range(0, len(values), MOST_FRAMES):
            part = np.asarray(values[start : start + MOST_FRAMES], dtype=np.float64)
            if not np.isfinite(part).all():
                raise ValueError(f"{path} has values that are not finite; extract it again")
            yield part
