"""Position information for attention: learned vectors, a learned bias per pair of positions, rotations."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

LONGEST = 10_000.0
"""Frames that the slowest rotation takes for a radian, if no other number is given."""
HOUR = 1024
"""Frames whose rotations a stream computes at a time."""


class LearnedPositions(nn.Module):
    """Adds a trained vector to each of ``length`` positions, or the first: (batch, time, dim) -> the same shape."""

    def __init__(self, length: int, dim: int, std: float = 0.02):
        super().__init__()
        self.vectors = nn.Parameter(torch.randn(length, dim) * std)

    def forward(self, x: Tensor) -> Tensor:
        """The input plus the vector of each position."""
        return x + self.vectors[: x.shape[1]]


class PairBias(nn.Module):
    """A trained number for each pair of positions, (length, length), added to the scores of every head."""

    def __init__(self, length: int):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(length, length))

    def forward(self, queries: int | None = None, keys: int | None = None) -> Tensor:
        """The rows and columns of the first positions, all by default: (queries, keys)."""
        return self.bias[:queries, :keys]


@lru_cache(maxsize=64)
def looking_back(queries: int, keys: int, device: torch.device) -> Tensor:
    """0 where a position is seen, minus infinity where it comes later: (queries, keys), to be added to scores."""
    with torch.inference_mode(False):
        return torch.full((queries, keys), -torch.inf, device=device).triu(1)


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
        rotated = _rotated if torch.compiler.is_compiling() else _Turned.apply
        return rotated(x, self.cos[: x.shape[-2]], self.sin[: x.shape[-2]])


@dataclass(frozen=True)
class Turn:
    """The rotations of `Rotary` for positions whose times change: (time, 3, 1, dim) cosines and signed sines.

    The three are of queries, of keys, and of values, which stay as they are.
    """

    cos: Tensor
    sin: Tensor

    @classmethod
    def to(cls, times: Sequence[int], dim: int, like: Tensor) -> "Turn":
        """The rotations to times in frames, however great, for heads of ``dim`` channels."""
        dtype = like.dtype if like.is_floating_point() else torch.get_default_dtype()
        hour = min(times) // HOUR
        if max(times) >= (hour + 2) * HOUR:
            return cls(*_turns(torch.tensor(times), dim, like.device, dtype))
        cos, sin = _hours(hour, dim, like.device, dtype)
        index = torch.tensor(times, device=like.device) - hour * HOUR
        return cls(cos[index], sin[index])

    def __call__(self, parts: Tensor, which: slice = slice(None)) -> Tensor:
        """Queries, keys, values (batch, time, 3, heads, dim) or ``which`` of them, of the first positions, turned."""
        cos, sin = (each[: parts.shape[1], which] for each in (self.cos, self.sin))
        return torch.addcmul(parts * cos, parts.roll(parts.shape[-1] // 2, dims=-1), sin)


@lru_cache(maxsize=16)
def _hours(hour: int, dim: int, device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """The turns of all times of two hours, so that a stream need not compute them for each frame."""
    with torch.inference_mode(False):
        return _turns(torch.arange(hour * HOUR, (hour + 2) * HOUR), dim, device, dtype)


def _turns(times: Tensor, dim: int, device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    cos, sin = _rotations(times, dim, LONGEST)
    cos, sin = torch.cat([cos, cos], dim=1), torch.cat([-sin, sin], dim=1)
    cos = torch.stack([cos, cos, torch.ones_like(cos)], dim=1)
    sin = torch.stack([sin, sin, torch.zeros_like(sin)], dim=1)
    return cos.unsqueeze(2).to(device, dtype), sin.unsqueeze(2).to(device, dtype)


def _rotations(times: Tensor, dim: int, longest: float) -> tuple[Tensor, Tensor]:
    if dim % 2:
        raise ValueError(f"rotary positions need an even number of channels per head, not {dim}")
    frequencies = longest ** (-torch.arange(0, dim, 2, dtype=torch.float64, device=times.device) / dim)
    angles = times.to(torch.float64)[:, None] * frequencies
    return angles.cos(), angles.sin()


class _Turned(torch.autograd.Function):
    """`_rotated`, in half the passes over memory: nothing but the result is written, and nothing kept of the input."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        ctx.save_for_backward(cos, sin)
        half, exact = x.shape[-1] // 2, torch.promote_types(x.dtype, cos.dtype)
        given, turned = x.to(exact), torch.empty(x.shape, dtype=exact, device=x.device)
        first, second = given[..., :half], given[..., half:]
        torch.mul(first, cos, out=turned[..., :half]).addcmul_(second, sin, value=-1)
        torch.mul(second, cos, out=turned[..., half:]).addcmul_(first, sin)
        return turned.to(x.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        cos, sin = ctx.saved_tensors
        return _Turned.apply(gradient, cos, -sin), None, None


def _rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)
