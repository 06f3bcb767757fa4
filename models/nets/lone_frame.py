"""A coupling transformer where it reads a single frame: a few small products, since there attention is linear."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.nets.transformer import EncoderLayer, TransformerEncoder

Norm = tuple[tuple[int, ...], Tensor, Tensor, float]
"""Shape, scale, shift and epsilon."""


class LoneFrame:
    """What a transformer gives at its first position if no other is there; of its weights as they were then.

    A position that sees itself alone gathers its own value: queries and keys make no difference, and all that is linear
    up to the norm after it is one matrix (Vaswani et al., arXiv 1706.03762, section 3.2, with one key). What the
    conditioning adds to the first norm's input comes from outside, ``reading`` (dim, conditioning_dim) times it plus
    ``shift`` (dim,), so that it can be computed for many networks at once.
    """

    @torch.no_grad()
    def __init__(self, net: TransformerEncoder, dim_in: int):
        layers = [layer for layer in net.layers if isinstance(layer, EncoderLayer)]
        gathering = [_gathering(layer) for layer in layers]
        enter = net.enter.bias if net.positions is None else net.enter.bias + net.positions.vectors[0]
        matrix, shift = gathering[0]
        self.shift = (matrix @ enter.double() + shift).to(enter)
        first = (matrix @ net.enter.weight.double()).to(enter)
        self.reading = first[:, dim_in:].contiguous()
        self._first = first[:, :dim_in].T.contiguous()
        following = [(matrix.T.to(enter).contiguous(), shift.to(enter)) for matrix, shift in gathering[1:]]
        self._layers = [
            _Bound(
                _norm(layer.attention_norm),
                _norm(layer.feedforward_norm),
                (layer.widen.weight, layer.widen.bias),
                (layer.narrow.weight, layer.narrow.bias),
                after,
            )
            for layer, after in zip(layers, [*following, None], strict=True)
        ]
        self._leave = net.leave.weight, net.leave.bias

    def __call__(self, x: Tensor, read: Tensor) -> Tensor:
        """x (batch, dim_in), and what is read of the conditioning (batch, dim) -> (batch, dim_out)."""
        gathered = torch.addmm(read, x, self._first)
        for before, after, widen, narrow, following in self._layers:
            x = torch.layer_norm(gathered, *before)
            x = torch.layer_norm(x.add(F.linear(F.linear(x, *widen).relu_(), *narrow)), *after)
            if following is not None:
                gathered = torch.addmm(following[1], x, following[0])
        return F.linear(x, *self._leave)


class _Bound(NamedTuple):
    """What a layer computes with, looked up once: looking it up for each frame takes as long as computing."""

    before: Norm
    after: Norm
    widen: tuple[Tensor, Tensor]
    narrow: tuple[Tensor, Tensor]
    following: tuple[Tensor, Tensor] | None
    """What the next layer gathers: a matrix, transposed, and a shift."""


def _norm(norm: nn.LayerNorm) -> Norm:
    return norm.normalized_shape, norm.weight, norm.bias, norm.eps


def is_plain(net: object) -> bool:
    """Whether this is a transformer that `LoneFrame` can stand in for."""
    return isinstance(net, TransformerEncoder) and net.in_order and net.embed is None and net.last_norm is None


def _gathering(layer: EncoderLayer) -> tuple[Tensor, Tensor]:
    """A position plus what it gathers of itself, as matrix and shift, in double precision."""
    attention = layer.attention
    dim = attention.merge.in_features
    merge = attention.merge.weight.double()
    value, bias = attention.query_key_value.weight[-dim:].double(), attention.query_key_value.bias[-dim:].double()
    return torch.eye(dim).to(merge) + merge @ value, merge @ bias + attention.merge.bias.double()
