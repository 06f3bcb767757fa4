"""The gated convolutions over time, with attention between them, of Flow++."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from models.nets.attend import attend
from models.nets.dropout import Dropout

LONGEST = 10_000.0
"""Longest over shortest timescale of the sinusoids."""


class GatedConvolution(nn.Module):
    """A convolution, ``blocks`` of gated convolution (and attention), a convolution: (batch, time, dim) throughout.

    Ho et al., Flow++, arXiv 1902.00275, section 3.3 and appendix A, over time in place of images. All weights are
    weight-normalised. With ``attention``, positions are given by sinusoids added in each block.
    """

    def __init__(
        self,
        dim_in: int,
        dim_out: int,
        *,
        dim: int,
        blocks: int,
        attention: bool = True,
        heads: int = 4,
        dropout: float = 0.0,
    ):
        super().__init__()
        self.enter = TimeConvolution(dim_in, dim)
        self.blocks = nn.ModuleList(_Block(dim, attention, heads, dropout) for _ in range(blocks))
        self.leave = TimeConvolution(dim, dim_out)

    def forward(self, x: Tensor, first: int | None = None) -> Tensor:
        """(batch, time, dim_in) -> (batch, first, dim_out): the outputs of the first positions, all by default."""
        x = self.enter(x)
        for block in self.blocks:
            x = block(x)
        return self.leave(x)[:, :first]


class TimeConvolution(nn.Module):
    """A weight-normalised convolution over time that keeps the length: (batch, time, dim) -> (batch, time, dim_out)."""

    def __init__(self, dim_in: int, dim_out: int, width: int = 3):
        super().__init__()
        self.conv = weight_norm(nn.Conv1d(dim_in, dim_out, width, padding=width // 2))

    def forward(self, x: Tensor) -> Tensor:
        """Zeros stand before the first and after the last frame."""
        return self.conv(x.mT).mT


class _Block(nn.Module):
    def __init__(self, dim: int, attention: bool, heads: int, dropout: float):
        super().__init__()
        self.convolution = TimeConvolution(2 * dim, dim)
        self.gate = weight_norm(nn.Linear(2 * dim, 2 * dim))
        self.norm = nn.LayerNorm(dim)
        self.attention = _GatedAttention(dim, heads, dropout) if attention else None
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        h = self.convolution(_concat_elu(x))
        x = self.norm(x + F.glu(self.gate(self.dropout(_concat_elu(h))), dim=-1))
        return x if self.attention is None else self.attention(x)


class _GatedAttention(nn.Module):
    """Attention that knows positions, then a gate; added to the input and normalised."""

    def __init__(self, dim: int, heads: int, dropout: float):
        super().__init__()
        if dim % heads:
            raise ValueError(
                f"a width of {dim} cannot be shared among {heads} heads; choose a multiple of {heads} (--dhid_flow)"
            )
        self.heads, self.dropout = heads, dropout
        self.key_value_query = weight_norm(nn.Linear(dim, 3 * dim, bias=False))
        self.gate = weight_norm(nn.Linear(dim, 2 * dim))
        self.norm = nn.LayerNorm(dim)

    def forward(self, x: Tensor) -> Tensor:
        placed = x + sinusoids(x.shape[1], x.shape[2]).to(x)
        parts = self.key_value_query(placed).chunk(3, dim=-1)
        k, v, q = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in parts)
        gathered = attend(q, k, v, dropout=self.dropout if self.training else 0.0)
        return self.norm(x + F.glu(self.gate(gathered.transpose(1, 2).flatten(2)), dim=-1))


def sinusoids(length: int, dim: int) -> Tensor:
    """Positions as sines and then cosines of geometrically spaced frequencies: (length, dim) float64.

    Vaswani et al., arXiv 1706.03762, section 3.5, the sines and the cosines in a block each. Of an odd ``dim`` the last
    column is zero.
    """
    count = dim // 2
    frequencies = torch.exp(-math.log(LONGEST) / max(count - 1, 1) * torch.arange(count, dtype=torch.float64))
    angles = torch.arange(length, dtype=torch.float64)[:, None] * frequencies
    return F.pad(torch.cat([angles.sin(), angles.cos()], dim=1), (0, dim % 2))


def _concat_elu(x: Tensor) -> Tensor:
    """elu of x and of -x, side by side."""
    return F.elu(torch.cat([x, -x], dim=-1))
