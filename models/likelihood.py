"""The units that likelihoods are told in, and what a mean weighs beside them."""

import math
from collections.abc import Iterable

from torch import Tensor

MEAN_WEIGHT = 100.0
"""Of a mean's squared error beside the bits per frame of what deviates from it, as published."""


def bits_per_frame(log_prob: Tensor, frames: int) -> Tensor:
    """The mean over the batch of -log2 p of a window of that many frames, for each of them; log_prob is in nats."""
    return -log_prob.mean() / (math.log(2) * frames)


def nats_per_dimension(bits: float, scale: Iterable[float]) -> float:
    """-log p of the unscaled data for each of their dimensions, in nats, from bits per frame of the scaled data.

    ``scale`` is what each dimension was divided by. The density of x is that of x / scale, divided by scale. Unlike
    bits per frame, this compares models of differently scaled features of the same motion.

    >>> round(nats_per_dimension(2.0, [1.0, math.e]), 6)
    1.193147
    """
    scale = list(scale)
    return (bits * math.log(2) + sum(map(math.log, scale))) / len(scale)
