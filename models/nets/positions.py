"""Position information for attention: learned vectors, a learned bias per pair of positions, rotations."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

LONGEST = 10_000.0
"""Frames that the slowest rotation takes for a radian, if no other number is given."""


class LearnedPositions(nn.Module):
    """Adds a trained vector to each of ``length`` positions: (batch, length, dim) -> the same shape."""

    def __init__(self, length: int, dim: int, std: float = 0.02):
        super().__init__()
        self.vectors = nn.Parameter(torch.randn(length, dim) * std)

    def forward(self, x: Tensor) -> Tensor:
        """The input plus the vector of each position."""
        return x + self.vectors


class PairBias(nn.Module):
    """A trained number for each pair of positions, (length, length), added to the scores of every head."""

    def __init__(self, length: int):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(length, length))

    def forward(self, queries: int | None = None) -> Tensor:
        """The rows of the first ``queries`` positions (all by default): (queries, length)."""
        return self.bias[:queries]


class Rotary(nn.Module):
    """Turns pairs of channels by angles that grow with time, so that scores depend on time differences.

    Su et al., RoFormer, arXiv 2104.09864, section 3.2. ``times`` gives the time of each position in frames, so that
    frames of several modalities that happen together are turned alike.
    """

    cos: Tensor
    sin: Tensor

    def __init__(self, times: Tensor, dim: int, longest: float = LONGEST):
        super().__init__()
        cos, sin = _rotations(times, dim, longest)
        self.register_buffer("cos", cos.to(torch.get_default_dtype()), persistent=False)
        self.register_buffer("sin", sin.to(torch.get_default_dtype()), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Queries or keys (batch, heads, time, dim), of the first positions, turned by the angles of their times."""
        return _turned(x, self.cos[: x.shape[-2]], self.sin[: x.shape[-2]])


@dataclass(frozen=True)
class Turn:
    """The rotations of `Rotary` for positions whose times change: (time, dim / 2) cosines and sines."""

    cos: Tensor
    sin: Tensor

    @classmethod
    def to(cls, times: Sequence[int], dim: int, like: Tensor) -> "Turn":
        """The rotations to times in frames, however great, for queries and keys of ``dim`` channels."""
        cos, sin = _rotations(torch.tensor(times, device=like.device), dim, LONGEST)
        dtype = like.dtype if like.is_floating_point() else torch.get_default_dtype()
        return cls(cos.to(dtype), sin.to(dtype))

    def __call__(self, x: Tensor) -> Tensor:
        """Queries or keys (batch, heads, time, dim), of the first positions, turned."""
        return _turned(x, self.cos[: x.shape[-2]], self.sin[: x.shape[-2]])


def _rotations(times: Tensor, dim: int, longest: float) -> tuple[Tensor, Tensor]:
    if dim % 2:
        raise ValueError(f"rotary positions need an even number of channels per head, not {dim}")
    frequencies = longest ** (-torch.arange(0, dim, 2, dtype=torch.float64, device=times.device) / dim)
    angles = times.to(torch.float64)[:, None] * frequencies
    return angles.cos(), angles.sin()


def _turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)
