"""Statistics of one feature: gathered over the arrays of a split, and used to scale and unscale."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np

from feature_extraction.npz import read_named
from feature_extraction.store import atomic_path

CONSTANT_TOLERANCE = 1e-6
"""A column whose range is below this times max(1, |mean|) is constant: float32 cannot say more."""
KINDS: dict[str, Callable[["Moments"], np.ndarray]] = {
    "standard": lambda moments: moments.std,
    "maximum": lambda moments: np.maximum(moments.high - moments.mean, moments.mean - moments.low),
}
"""How each kind of scaling measures a column: its standard deviation, or its largest distance from the mean."""


@dataclass(frozen=True)
class Moments:
    """Count, mean, squared deviations, minimum and maximum of each column, in float64."""

    count: int
    mean: np.ndarray
    deviation: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> "Moments":
        """Give the moments of one (frames, dim) array with at least one frame."""
        values = np.asarray(values, dtype=np.float64)
        mean = values.mean(axis=0)
        return cls(len(values), mean, np.square(values - mean).sum(axis=0), values.min(axis=0), values.max(axis=0))

    def __add__(self, other: "Moments") -> "Moments":
        """Give the moments of both together (Chan, Golub and LeVeque 1983, eq. 2.1)."""
        count = self.count + other.count
        shift = other.mean - self.mean
        return Moments(
            count,
            self.mean + shift * (other.count / count),
            self.deviation + other.deviation + np.square(shift) * (self.count * other.count / count),
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
        )

    @property
    def std(self) -> np.ndarray:
        """The (dim,) population standard deviation."""
        return np.sqrt(self.deviation / self.count)

    @property
    def constant(self) -> np.ndarray:
        """The (dim,) mask of the columns that never change."""
        return self.high - self.low <= CONSTANT_TOLERANCE * np.maximum(1.0, np.abs(self.mean))

    def select(self, columns: np.ndarray) -> "Moments":
        """Give the moments of some columns only, by mask or index."""
        return Moments(self.count, self.mean[columns], self.deviation[columns], self.low[columns], self.high[columns])


@dataclass(frozen=True)
class Scaler:
    """An affine map of each column: `(values - mean) / scale`. Both are (dim,) float64."""

    mean: np.ndarray
    scale: np.ndarray

    @classmethod
    def fit(cls, arrays: Iterable[np.ndarray], kind: str = "standard") -> "Scaler":
        """Fit over all frames of some (frames, dim) arrays, one array in memory at a time."""
        return cls.from_moments(total(map(Moments.of, arrays)), kind)

    @classmethod
    def from_moments(cls, moments: Moments, kind: str = "standard") -> "Scaler":
        """Fit from moments gathered before; a constant column keeps its scale, 1."""
        if kind not in KINDS:
            raise LookupError(f"no scaler named {kind!r}; there are {', '.join(KINDS)}")
        return cls(moments.mean, np.where(moments.constant, 1.0, KINDS[kind](moments)))

    @classmethod
    def load(cls, path: Path) -> "Scaler":
        """Read a scaler from its npz file; ValueError naming it when it is none."""
        return cls(*read_named(path, "mean", "scale"))

    def save(self, path: Path) -> None:
        """Write the scaler as npz, in one step."""
        with atomic_path(path) as temporary:
            np.savez(temporary, mean=self.mean, scale=self.scale)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Scaler":
        """Read a scaler from plain lists."""
        return cls(np.array(data["mean"], dtype=np.float64), np.array(data["scale"], dtype=np.float64))

    def to_dict(self) -> dict[str, Any]:
        """Give the scaler as plain lists."""
        return {"mean": self.mean.tolist(), "scale": self.scale.tolist()}

    def scaled(self, values: np.ndarray) -> np.ndarray:
        """Scale (..., dim) values; float32."""
        return ((values - self.mean) / self.scale).astype(np.float32)

    def unscaled(self, values: np.ndarray) -> np.ndarray:
        """Unscale (..., dim) values; float64, so that nothing is lost before decoding."""
        return values * self.scale + self.mean


def total(moments: Iterable[Moments]) -> Moments:
    """Add moments up, in the given order (so that the last bit does not depend on who computed them)."""
    parts: Sequence[Moments] = list(moments)
    if not parts:
        raise ValueError("a scaler needs at least one array to be fitted on")
    return reduce(Moments.__add__, parts)
