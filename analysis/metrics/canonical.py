"""Canonical correlation: how well one set of columns can be told from another, linearly."""

from dataclasses import dataclass

import numpy as np

RANK = 1e-9
"""Directions whose singular value is below this part of the greatest count as constant."""


@dataclass(frozen=True)
class CanonicalPair:
    """The first pair of canonical directions of two arrays, and the means they are taken from."""

    means: tuple[np.ndarray, np.ndarray]
    directions: tuple[np.ndarray, np.ndarray]

    @classmethod
    def fit(cls, one: np.ndarray, other: np.ndarray) -> "CanonicalPair":
        """Find the directions along which (frames, dim) arrays correlate most; Hotelling, Biometrika 28, 1936."""
        bases, maps, means = [], [], []
        for values in (one, other):
            mean = values.mean(axis=0)
            left, sizes, right = np.linalg.svd(values - mean, full_matrices=False)
            kept = sizes > RANK * max(float(sizes[0]), np.finfo(float).tiny)
            bases.append(left[:, kept])
            maps.append(right[kept].T / sizes[kept])
            means.append(mean)
        u, _, v = np.linalg.svd(bases[0].T @ bases[1])
        return cls((means[0], means[1]), (maps[0] @ u[:, 0], maps[1] @ v[0]))

    def correlation(self, one: np.ndarray, other: np.ndarray) -> float:
        """Give the correlation of two (frames, dim) arrays along the directions; nan where one does not vary."""
        x, y = (
            (values - mean) @ direction
            for values, mean, direction in zip((one, other), self.means, self.directions, strict=True)
        )
        if min(x.std(), y.std()) <= RANK:
            return float("nan")
        return float(np.corrcoef(x, y)[0, 1])


def principal(values: np.ndarray, dim: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the mean and up to `dim` principal directions (columns, dim) of (frames, columns) values."""
    mean = values.mean(axis=0)
    _, sizes, right = np.linalg.svd(values - mean, full_matrices=False)
    kept = min(dim, int((sizes > RANK * max(float(sizes[0]), np.finfo(float).tiny)).sum()))
    return mean, right[: max(kept, 1)].T
