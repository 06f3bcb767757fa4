"""Clicks in silence and in music, at times of which it is known what frame they belong to."""

import numpy as np

BORDER_S = 3e-4
"""Nearer to the border between two frames than this, a click may count for either."""
SECONDS = 8.0


def click_times(fps: float, seed: int, spacing: float = 0.5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    times = np.arange(spacing, SECONDS - spacing, spacing)
    times = times + rng.uniform(-0.3, 0.3, len(times)) * spacing
    return times[np.abs(times * fps % 1 - 0.5) > BORDER_S * fps]


def clicks(times: np.ndarray, rate: float, height: float) -> np.ndarray:
    samples = np.zeros(round(SECONDS * rate))
    samples[np.round(times * rate).astype(int)] = height
    return samples


def music(rate: float, seed: int) -> np.ndarray:
    """A steady chord and noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(SECONDS * rate)) / rate
    chord = sum(np.sin(2 * np.pi * hz * time + rng.uniform(0, 6)) for hz in (110, 220.7, 330, 442, 661))
    return 0.03 * chord + 0.015 * rng.standard_normal(len(time))


def assert_peaks_at(envelope: np.ndarray, times: np.ndarray, fps: float) -> None:
    for time in times:
        frame = int(np.floor(time * fps + 0.5))
        first = int((time - 0.12) * fps)
        around = envelope[first : int((time + 0.12) * fps) + 2]
        assert np.flatnonzero(around == around.max()).tolist() == [frame - first], f"click at {time} s"
