"""Position information for attention: learned vectors, a learned bias per pair of positions, rotations."""

import torch
from torch import Tensor, nn


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

    def __init__(self, times: Tensor, dim: int, longest: float = 10_000.0):
        super().__init__()
        if dim % 2:
            raise ValueError(f"rotary positions need an even number of channels per head, not {dim}")
        frequencies = longest ** (-torch.arange(0, dim, 2, dtype=torch.float64) / dim)
        angles = times.to(torch.float64)[:, None] * frequencies
        self.register_buffer("cos", angles.cos().to(torch.get_default_dtype()), persistent=False)
        self.register_buffer("sin", angles.sin().to(torch.get_default_dtype()), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Queries or keys (batch, heads, time, dim), of the first positions, turned by the angles of their times."""
        cos, sin = self.cos[: x.shape[-2]], self.sin[: x.shape[-2]]
        first, second = x.chunk(2, dim=-1)
        return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)
