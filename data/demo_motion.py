"""From key poses to movement: eased tracks of pose vectors, and the small independent noise of a living body."""

import numpy as np
from scipy.signal import lfilter

from feature_extraction.motion import rotation
from feature_extraction.motion.skeleton import Motion

FPS = 60.0
JOINT_NOISE = np.radians(1.5)
"""How far each joint is turned off, root mean square angle in radians, about axes of all directions."""
ROOT_NOISE = 0.4
"""Standard deviation of each coordinate of the root, cm."""
NOISE_TIME_S = 0.2
"""Time constant of the noise: a Matern-3/2 process, smooth to the eye, yet never predictable from its past."""


def phase(times: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Where the instants `at` lie among the keys: 2.5 is half way from key 2 to key 3; clamped at the ends."""
    return np.interp(at, times, np.arange(len(times), dtype=float))


def track(keys: np.ndarray, passes: np.ndarray, phases: np.ndarray) -> np.ndarray:
    """Pose vectors at `phases` that rest at each key (keys, width) and add a passing pose (keys - 1, width) half way.

    Between keys the movement has minimal jerk (Flash and Hogan 1985), so that all speeds vanish at the keys.
    """
    left = np.clip(phases.astype(int), 0, len(keys) - 2)
    x = (phases - left)[:, None]
    return keys[left] + minimum_jerk(x) * (keys[left + 1] - keys[left]) + np.sin(np.pi * x) ** 2 * passes[left]


def minimum_jerk(x: np.ndarray) -> np.ndarray:
    """The step from 0 to 1 over x in [0, 1] of least squared jerk: 10 x^3 - 15 x^4 + 6 x^5; constant outside."""
    x = np.clip(x, 0.0, 1.0)
    return x**3 * (10 - 15 * x + 6 * x**2)


def smooth_noise(rng: np.random.Generator, frames: int, shape: tuple[int, ...], fps: float = FPS) -> np.ndarray:
    """Stationary unit-variance noise (frames, *shape): white noise through two equal leaky integrators."""
    decay = np.exp(-1.0 / (fps * NOISE_TIME_S))
    settle = int(12 * NOISE_TIME_S * fps)
    white = rng.standard_normal((settle + frames, *shape))
    gain = np.sqrt((1 - decay**2) ** 3 / (1 + decay**2))
    return lfilter([gain], [1.0, -2 * decay, decay**2], white, axis=0)[settle:]


def with_noise(motion: Motion, rng: np.random.Generator) -> Motion:
    """The motion with independent noise on every joint's rotation and on the root's position."""
    frames, joints = motion.rotations.shape[:2]
    wobble = rotation.exp(JOINT_NOISE / np.sqrt(3) * smooth_noise(rng, frames, (joints, 3), motion.fps))
    drift = ROOT_NOISE * smooth_noise(rng, frames, motion.positions.shape[1:], motion.fps)
    return Motion(motion.skeleton, motion.fps, rotation.mul(motion.rotations, wobble), motion.positions + drift)
