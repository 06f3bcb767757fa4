"""What attention computes, by the kernel that is fastest where it runs."""

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from models.nets.dropout import draws_bits, random_bits, threshold

CACHED_SCORES = 2**19
"""How many scores are computed at a time: a megabyte of bfloat16, which stays in a processor core's own cache."""


def attend(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None, dropout: float = 0.0) -> Tensor:
    """What queries gather from values: softmax(q k / sqrt(dim) + bias) v, (batch, heads, queries, dim), of v's dtype.

    Keys and values are (batch, heads, time, dim), ``bias`` is (queries, time); ``dropout`` is that of the softmax. On
    processors torch's fused kernel takes longer for the gradients of bfloat16 than for those of float32, and there is
    none with dropout; both are done in pieces that fit the cache.
    """
    drops = draws_bits(v, dropout)
    if v.device.type != "cpu" or torch.compiler.is_compiling() or not (drops or v.dtype == torch.bfloat16):
        return F.scaled_dot_product_attention(q, k, v, attn_mask=bias, dropout_p=dropout)
    with torch.autocast("cpu", enabled=False):
        bias = None if bias is None else bias.to(v.dtype)
        bits = random_bits(torch.Size((*q.shape[:-1], k.shape[-2]))) if drops else None
        return _InPieces.apply(q.to(v.dtype), k.to(v.dtype), v, bias, bits, dropout)


class _InPieces(torch.autograd.Function):
    """Attention of some heads at a time. Nothing is kept of the scores, they are computed again for the gradients."""

    @staticmethod
    def forward(
        ctx: Any, q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None, bits: Tensor | None, dropout: float
    ) -> Tensor:
        ctx.shapes = q.shape, k.shape
        ctx.limit, ctx.scale = threshold(dropout) if bits is not None else (0, 1.0)
        q, k, v = (q * q.shape[-1] ** -0.5).flatten(0, 1), k.flatten(0, 1), v.flatten(0, 1)
        bits = None if bits is None else bits.flatten(0, 1)
        out = torch.empty_like(q)
        for drawn, scaled, keys, values, gathered in _pieces(bits, q, k, v, out):
            weights = _weights(scaled, keys, bias)
            torch.bmm(
                weights if drawn is None else weights.mul_(_kept(drawn, ctx.limit, weights)), values, out=gathered
            )
        ctx.save_for_backward(q, k, v, bias, bits)
        return out.mul_(ctx.scale).view(ctx.shapes[0])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        q, k, v, bias, bits = ctx.saved_tensors
        gradient = (gradient * ctx.scale).flatten(0, 1)
        dq, dk, dv = (torch.empty_like(each) for each in (q, k, v))
        d_bias = torch.zeros_like(bias, dtype=torch.float32) if ctx.needs_input_grad[3] else None
        for drawn, scaled, keys, values, d_gathered, d_scaled, d_keys, d_values in _pieces(
            bits, q, k, v, gradient, dq, dk, dv
        ):
            weights = used = _weights(scaled, keys, bias)
            d_weights = torch.bmm(d_gathered, values.mT)
            if drawn is not None:
                kept = _kept(drawn, ctx.limit, weights)
                used, d_weights = weights * kept, d_weights.mul_(kept)
            torch.bmm(used.mT, d_gathered, out=d_values)
            d_scores = torch._softmax_backward_data(d_weights, weights, -1, weights.dtype)
            torch.bmm(d_scores, keys, out=d_scaled)
            torch.bmm(d_scores.mT, scaled, out=d_keys)
            if d_bias is not None:
                d_bias += d_scores.sum(0, dtype=torch.float32)
        queries, times = ctx.shapes
        d_bias = None if d_bias is None else d_bias.to(bias.dtype)
        return dq.mul_(queries[-1] ** -0.5).view(queries), dk.view(times), dv.view(times), d_bias, None, None


def _weights(scaled: Tensor, keys: Tensor, bias: Tensor | None) -> Tensor:
    scores = torch.bmm(scaled, keys.mT)
    return (scores if bias is None else scores.add_(bias)).softmax(dim=-1)


def _kept(bits: Tensor, limit: int, like: Tensor) -> Tensor:
    """1 for those that dropout keeps, 0 for the others."""
    return torch.ge(bits, limit, out=torch.empty_like(like))


def _pieces(bits: Tensor | None, q: Tensor, k: Tensor, *others: Tensor) -> Iterator[tuple[Any, ...]]:
    """The heads of all samples, as many at a time as have `CACHED_SCORES` scores together; bits may be none."""
    size = max(1, CACHED_SCORES // (q.shape[1] * k.shape[1]))
    pieces = [each.split(size) for each in (q, k, *others)]
    return zip([None] * len(pieces[0]) if bits is None else bits.split(size), *pieces, strict=True)
