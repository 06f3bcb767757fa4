"""Canonical correlation, and that it is not one of rounding."""

import numpy as np
import pytest

from analysis.metrics.canonical import CanonicalPair, principal

FRAMES, DIM = 200, 6


def walk(seed: int, size: float = 1.0) -> np.ndarray:
    """A random walk, far from the origin."""
    return 30.0 + size * np.random.default_rng(seed).standard_normal((FRAMES, DIM)).cumsum(axis=0)


def held(seed: int) -> np.ndarray:
    """A constant, with what rounding makes of it."""
    rng = np.random.default_rng(seed)
    return np.tile(30.0 + rng.standard_normal(DIM), (FRAMES, 1)) * (1.0 + 1e-16 * rng.integers(-2, 3, (FRAMES, DIM)))


def test_what_is_held_has_no_directions() -> None:
    assert np.ptp(held(1)) > 0
    for one, other in ((held(0), walk(1)), (walk(0), held(1)), (walk(0), walk(1)[:1])):
        with pytest.raises(ValueError, match="does not vary"):
            CanonicalPair.fit(one[: len(other)], other)
    with pytest.raises(ValueError, match="does not vary"):
        principal(held(0), 3)


def test_what_is_held_has_no_correlation_along_directions_of_motion() -> None:
    pair = CanonicalPair.fit(walk(0), walk(1))
    assert np.isnan(pair.correlation(held(0), walk(1)))
    assert np.isnan(pair.correlation(walk(0), held(1)))


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_small_motion_correlates_like_large_motion(size: float) -> None:
    shown = np.random.default_rng(2).standard_normal((DIM, DIM))
    one, other = walk(0, size), walk(0, size) @ shown
    assert CanonicalPair.fit(one, other).correlation(one, other) == pytest.approx(1.0)
