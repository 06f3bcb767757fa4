"""The Frechet distance between two sets of samples, from their moments."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from analysis.metrics.base_metric import LOWEST, NOT_NEGATIVE, BaseMetric
from analysis.metrics.clip import Clip
from feature_extraction.covariance import SecondMoments


def moments(samples: np.ndarray) -> SecondMoments:
    """Give count, mean and covariance (over count - 1) of (samples, dim); one sample's covariance is zero."""
    samples = np.asarray(samples, dtype=np.float64)
    mean = samples.mean(axis=0)
    deviations = samples - mean
    return SecondMoments(len(samples), mean, deviations.T @ deviations / max(1, len(samples) - 1))


def joined(parts: Sequence[SecondMoments]) -> SecondMoments:
    """Give the moments of all the samples together, from those of each part."""
    counts = np.array([part.count for part in parts], dtype=np.float64)
    means = np.stack([part.mean for part in parts])
    total = counts.sum()
    mean = counts @ means / total
    within = np.einsum("p,pij->ij", counts - 1, np.stack([part.covariance for part in parts]))
    between = (means - mean).T * counts @ (means - mean)
    return SecondMoments(int(total), mean, (within + between) / max(1.0, total - 1))


def frechet_distance(
    one: SecondMoments, other: SecondMoments, *, population: bool = False, few_samples: bool = False
) -> float:
    """Give |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^1/2), never negative.

    The trace of the root is the sum of the singular values of C1^1/2 C2^1/2: singular covariances make no complex
    numbers, and no root is taken of what rounding leaves of them. Dowson and Landau, J. Multivariate Analysis 12, 1982.

    Args:
        one: moments of the one set.
        other: of the other.
        population: take covariances over the count in place of count - 1.
        few_samples: compare sets with no more samples than dimensions, too, whose distance says little.

    Raises:
        ValueError: if there are too few samples.
    """
    fewest, dim = min(one.count, other.count), len(one.mean)
    if fewest <= dim and not few_samples:
        raise ValueError(
            f"a Frechet distance in {dim} dimensions needs more than {dim} samples in each set; there are {fewest}"
        )
    first, second = (each.covariance * ((each.count - 1) / each.count if population else 1.0) for each in (one, other))
    cross = np.linalg.svd(_root(first) @ _root(second), compute_uv=False).sum()
    gap = one.mean - other.mean
    return float(max(0.0, gap @ gap + np.trace(first) + np.trace(second) - 2.0 * cross))


def _root(covariance: np.ndarray) -> np.ndarray:
    """The symmetric square root."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0.0)) @ vectors.T


class FrechetMetric(BaseMetric):
    """The Frechet distance of samples that each clip gives, `samples` (n, dim)."""

    best: ClassVar[str] = LOWEST
    bounds: ClassVar[tuple[float, float]] = NOT_NEGATIVE
    compares: ClassVar[bool] = True
    population: ClassVar[bool] = False

    def __init__(self, variant: str = "", few_samples: bool = False):
        super().__init__(variant)
        self.few_samples = few_samples

    @abstractmethod
    def samples(self, clip: Clip) -> np.ndarray:
        """Give the (n, dim) samples of a clip."""

    def describe(self, clip: Clip) -> Any:
        """Give the moments of a clip's samples."""
        return moments(self.samples(clip))

    def score(self, generated: Sequence[Any], real: Sequence[Any] = ()) -> float:
        """Give the distance."""
        return frechet_distance(
            joined(generated), joined(real), population=self.population, few_samples=self.few_samples
        )
