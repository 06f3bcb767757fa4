"""What attention computes, by the kernel that is fastest where it runs."""

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

CACHED_SCORES = 2**19
"""How many scores are computed at a time: a megabyte of bfloat16, which stays in a processor core's own cache."""


def attend(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None, dropout: float = 0.0) -> Tensor:
    """What queries gather from values: softmax(q k / sqrt(dim) + bias) v, (batch, heads, queries, dim), of v's dtype.

    Keys and values are (batch, heads, time, dim), ``bias`` is (queries, time). On processors torch's fused kernel takes
    longer for the gradients of bfloat16 than for those of float32; there it is done in pieces that fit the cache.
    """
    if v.device.type != "cpu" or v.dtype != torch.bfloat16:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=bias, dropout_p=dropout)
    with torch.autocast("cpu", enabled=False):
        if bias is None and not dropout:
            return _InPieces.apply(q.to(v.dtype), k.to(v.dtype), v)
        bias = None if bias is None else bias.float()
        return F.scaled_dot_product_attention(q.float(), k.float(), v.float(), bias, dropout).to(v.dtype)


class _InPieces(torch.autograd.Function):
    """Attention of some heads at a time. Nothing is kept of the scores, they are computed again for the gradients."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        ctx.shapes = q.shape, k.shape
        q, k, v = (q * q.shape[-1] ** -0.5).flatten(0, 1), k.flatten(0, 1), v.flatten(0, 1)
        out = torch.empty_like(q)
        for scaled, keys, values, gathered in _pieces(k.shape[1], q, k, v, out):
            torch.bmm(_weights(scaled, keys), values, out=gathered)
        ctx.save_for_backward(q, k, v)
        return out.view(ctx.shapes[0])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = ctx.saved_tensors
        gradient = gradient.flatten(0, 1)
        dq, dk, dv = (torch.empty_like(each) for each in (q, k, v))
        for scaled, keys, values, d_gathered, d_scaled, d_keys, d_values in _pieces(
            k.shape[1], q, k, v, gradient, dq, dk, dv
        ):
            weights = _weights(scaled, keys)
            torch.bmm(weights.mT, d_gathered, out=d_values)
            d_scores = torch._softmax_backward_data(torch.bmm(d_gathered, values.mT), weights, -1, weights.dtype)
            torch.bmm(d_scores, keys, out=d_scaled)
            torch.bmm(d_scores.mT, scaled, out=d_keys)
        queries, times = ctx.shapes
        return dq.mul_(queries[-1] ** -0.5).view(queries), dk.view(times), dv.view(times)


def _weights(scaled: Tensor, keys: Tensor) -> Tensor:
    return torch.bmm(scaled, keys.mT).softmax(dim=-1)


def _pieces(times: int, q: Tensor, *others: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """The heads of all samples, as many at a time as have `CACHED_SCORES` scores together."""
    size = max(1, CACHED_SCORES // (q.shape[1] * times))
    return zip(*(each.split(size) for each in (q, *others)), strict=True)
