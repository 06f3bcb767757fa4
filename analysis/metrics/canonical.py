"""Canonical correlation: how well one set of columns can be told from another, linearly."""

from dataclasses import dataclass

import numpy as np

RANK = 1e-9
"""Variation below this part of the size of the values, their mean included, is that of rounding."""


@dataclass(frozen=True)
class CanonicalPair:
    """The first pair of canonical directions of two arrays, and the means they are taken from."""

    means: tuple[np.ndarray, np.ndarray]
    directions: tuple[np.ndarray, np.ndarray]

    @classmethod
    def fit(cls, one: np.ndarray, other: np.ndarray) -> "CanonicalPair":
        """Find the directions along which (frames, dim) arrays correlate most; ValueError where one does not vary.

        Hotelling, Biometrika 28, 1936.
        """
        (mean, basis, sizes, right), (other_mean, other_basis, other_sizes, other_right) = map(_varying, (one, other))
        u, _, v = np.linalg.svd(basis.T @ other_basis)
        return cls((mean, other_mean), ((right.T / sizes) @ u[:, 0], (other_right.T / other_sizes) @ v[0]))

    def correlation(self, one: np.ndarray, other: np.ndarray) -> float:
        """Give the correlation of two (frames, dim) arrays along the directions; nan where one does not vary."""
        along = []
        for values, mean, direction in zip((one, other), self.means, self.directions, strict=True):
            seen = (values - mean) @ direction
            size = np.linalg.norm(values, axis=1).max() * np.linalg.norm(direction)
            if seen.std() <= RANK * size:
                return float("nan")
            along.append(seen)
        return float(np.corrcoef(*along)[0, 1])


def principal(values: np.ndarray, dim: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the mean and up to `dim` principal directions (columns, dim) of (frames, columns) values.

    ValueError where they do not vary.
    """
    mean, _, _, right = _varying(values)
    return mean, right[:dim].T


def _varying(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The mean, and the singular vectors and values of what varies about it."""
    mean = values.mean(axis=0)
    left, sizes, right = np.linalg.svd(values - mean, full_matrices=False)
    kept = sizes > RANK * np.linalg.norm(values)
    if not kept.any():
        raise ValueError("a canonical correlation needs motion on both sides, and one does not vary")
    return mean, left[:, kept], sizes[kept], right[kept]
