"""A coupling transformer where it reads a single frame: a few small products, since there attention is linear."""

import torch
import torch.nn.functional as F
from torch import Tensor

from models.nets.transformer import EncoderLayer, TransformerEncoder


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
        self._gathering = [(matrix.T.to(enter).contiguous(), shift.to(enter)) for matrix, shift in gathering[1:]]
        self._layers, self._leave = layers, net.leave

    def __call__(self, x: Tensor, read: Tensor) -> Tensor:
        """x (batch, dim_in), and what is read of the conditioning (batch, dim) -> (batch, dim_out)."""
        gathered = torch.addmm(read, x, self._first)
        for layer, following in zip(self._layers, [*self._gathering, None], strict=True):
            x = layer.attention_norm(gathered)
            wide = F.linear(x, layer.widen.weight, layer.widen.bias).relu_()
            x = layer.feedforward_norm(torch.addmm(x + layer.narrow.bias, wide, layer.narrow.weight.T))
            if following is not None:
                gathered = torch.addmm(following[1], x, following[0])
        return F.linear(x, self._leave.weight, self._leave.bias)


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
