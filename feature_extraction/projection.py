"""Principal components of one feature: gathered over the arrays of a split, and used to project and restore."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np

from feature_extraction.npz import read_named
from feature_extraction.store import atomic_path


@dataclass(frozen=True)
class Scatter:
    """Count, sum and products of columns, (dim,) and (dim, dim) float64."""

    count: int
    sums: np.ndarray
    products: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> "Scatter":
        """Give the scatter of one (frames, dim) array.

        It is summed without BLAS, whose last bits depend on how many threads it has.
        """
        values = np.asarray(values, dtype=np.float64)
        return cls(len(values), values.sum(axis=0), np.einsum("ti,tj->ij", values, values))

    def __add__(self, other: "Scatter") -> "Scatter":
        """Give the scatter of both together."""
        return Scatter(self.count + other.count, self.sums + other.sums, self.products + other.products)

    @property
    def covariance(self) -> np.ndarray:
        """The (dim, dim) population covariance; exact enough where means are small, as those of scaled columns are."""
        mean = self.sums / self.count
        return self.products / self.count - np.outer(mean, mean)


@dataclass(frozen=True)
class Projection:
    """An orthonormal map of columns to fewer: `(values - mean) @ components.T`.

    `mean` is (columns,), `components` (dim, columns), the one along which values vary most first; float64.
    """

    mean: np.ndarray
    components: np.ndarray

    @classmethod
    def fit(cls, scatters: Iterable[Scatter], dim: int) -> "Projection":
        """Find the `dim` principal components (Pearson 1901); the largest entry of each is positive."""
        joined = reduce(Scatter.__add__, scatters)
        assert dim <= len(joined.sums), "there are no more components than columns"
        _, vectors = np.linalg.eigh(joined.covariance)
        components = vectors.T[::-1][:dim]
        largest = np.take_along_axis(components, np.abs(components).argmax(axis=1)[:, None], axis=1)
        return cls(joined.sums / joined.count, components * np.sign(largest))

    @classmethod
    def load(cls, path: Path) -> "Projection":
        """Read a projection from its npz file; ValueError naming it when it is none."""
        return cls(*read_named(path, "mean", "components"))

    def save(self, path: Path) -> None:
        """Write the projection as npz, in one step."""
        with atomic_path(path) as temporary:
            np.savez(temporary, mean=self.mean, components=self.components)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Projection":
        """Read a projection from plain lists."""
        return cls(np.array(data["mean"], dtype=np.float64), np.array(data["components"], dtype=np.float64))

    def to_dict(self) -> dict[str, Any]:
        """Give the projection as plain lists."""
        return {"mean": self.mean.tolist(), "components": self.components.tolist()}

    @property
    def dim(self) -> int:
        """The number of components."""
        return len(self.components)

    def projected(self, values: np.ndarray) -> np.ndarray:
        """Project (..., columns) values to (..., dim), float32."""
        return ((values - self.mean) @ self.components.T).astype(np.float32)

    def restored(self, values: np.ndarray) -> np.ndarray:
        """Give the (..., columns) values nearest to (..., dim) ones, float64."""
        return values @ self.components + self.mean
