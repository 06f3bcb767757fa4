"""The transformer encoder that all attention models here are made of."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from models.nets.attention import Past, SelfAttention
from models.nets.dropout import Dropout
from models.nets.positions import LearnedPositions, PairBias, Rotary, Turn, looking_back
from models.nets.words import embedded

SHORT = 64
"""Positions, of all rows together, up to which a layer is computed in a single call where no gradient is wanted."""


class EncoderLayer(nn.Module):
    """Self-attention and a feed-forward net, each added to its input and normalised.

    Post-norm, y = norm(x + f(x)), is the original order (arXiv 1706.03762) and the paper's; pre-norm,
    y = x + f(norm(x)), trains deeper stacks without warm-up (arXiv 2002.04745). With ``recompute`` training keeps
    nothing but the input and computes the rest again for the gradients (arXiv 1604.06174).
    """

    def __init__(
        self,
        dim: int,
        heads: int,
        feedforward: int,
        dropout: float = 0.0,
        pre_norm: bool = False,
        recompute: bool = False,
    ):
        super().__init__()
        self.pre_norm = pre_norm
        self.recompute = recompute
        self.attention = SelfAttention(dim, heads, dropout)
        self.widen = nn.Linear(dim, feedforward)
        self.narrow = nn.Linear(feedforward, dim)
        self.attention_norm = nn.LayerNorm(dim)
        self.feedforward_norm = nn.LayerNorm(dim)
        self.dropout = Dropout(dropout)

    def forward(
        self, x: Tensor, queries: int | None = None, bias: Tensor | None = None, rotary: Rotary | None = None
    ) -> Tensor:
        """(batch, time, dim) -> the first ``queries`` positions (all by default) of the layer's output."""
        if queries in (None, x.shape[1]) and bias is None and rotary is None and self._short(x):
            return self._fused(x)
        if self.recompute and self.training and torch.is_grad_enabled():
            return checkpoint(self._through, x, queries, bias, rotary, use_reentrant=False)
        return self._through(x, queries, bias, rotary)

    def _short(self, x: Tensor) -> bool:
        """Whether calling the operations one by one would cost more than what they compute."""
        plain = x.device.type == "cpu" and x.dtype == self.widen.weight.dtype and not torch.is_autocast_enabled("cpu")
        watched = self.attention._forward_hooks or self.attention._forward_pre_hooks
        idle = not (self.training or torch.is_grad_enabled() or watched)
        return plain and idle and x.shape[:2].numel() <= SHORT

    def _fused(self, x: Tensor) -> Tensor:
        """The layer as torch's own encoder layer computes it in a single call."""
        joined, merge, first, second = self.attention, self.attention.merge, self.attention_norm, self.feedforward_norm
        return torch._transformer_encoder_layer_fwd(
            x,
            x.shape[2],
            joined.heads,
            joined.query_key_value.weight,
            joined.query_key_value.bias,
            merge.weight,
            merge.bias,
            False,
            self.pre_norm,
            first.eps,
            first.weight,
            first.bias,
            second.weight,
            second.bias,
            self.widen.weight,
            self.widen.bias,
            self.narrow.weight,
            self.narrow.bias,
        )

    def _through(self, x: Tensor, queries: int | None, bias: Tensor | None, rotary: Rotary | None) -> Tensor:
        if self.pre_norm:
            x = x[:, :queries] + self.dropout(self.attention(self.attention_norm(x), queries, bias, rotary))
            return x + self._feedforward(self.feedforward_norm(x))
        x = self.attention_norm(x[:, :queries] + self.dropout(self.attention(x, queries, bias, rotary)))
        return self.feedforward_norm(x + self._feedforward(x))

    def step(
        self, x: Tensor, queries: int, bias: Tensor | None, turn: Turn, past: Past | None, passing: int
    ) -> tuple[Tensor, Past]:
        """`forward` of positions that go on where others ended, see `SelfAttention.step`."""
        gathered, own = self.attention.step(
            self.attention_norm(x) if self.pre_norm else x, queries, bias, turn, past, passing
        )
        x = x[:, :queries] + (self.dropout(gathered) if self.training else gathered)
        if self.pre_norm:
            return x + self._feedforward(self.feedforward_norm(x)), own
        x = self.attention_norm(x)
        return self.feedforward_norm(x + self._feedforward(x)), own

    def _feedforward(self, x: Tensor) -> Tensor:
        if not self.training:
            return self.narrow(F.relu(self.widen(x)))
        return self.dropout(self.narrow(self.dropout(F.relu(self.widen(x)))))


class TransformerEncoder(nn.Module):
    """A sequence of known length through linear layer, positions, ``layers`` encoder layers and linear layer.

    (batch, length, dim_in) -> (batch, length, dim_out). With ``tokens`` > 0 the input is (batch, length, columns)
    integers that are looked up in a table of ``tokens`` rows of width ``dim_in``, see `embedded`. ``times`` gives the
    frame number of each position to rotary attention (0, 1, 2, ... by default). With ``in_order`` a position sees
    itself and those before it, and the first positions can be computed without the others.
    """

    def __init__(
        self,
        dim_in: int,
        dim_out: int,
        length: int,
        *,
        dim: int,
        layers: int,
        heads: int,
        dropout: float = 0.0,
        feedforward: int = 0,
        tokens: int = 0,
        learned_positions: bool = True,
        pair_bias: bool = False,
        rotary: bool = False,
        pre_norm: bool = False,
        recompute: bool = False,
        in_order: bool = False,
        times: Sequence[int] | None = None,
    ):
        super().__init__()
        self.length = length
        self.in_order = in_order
        self.embed = nn.Embedding(tokens, dim_in) if tokens else None
        self.enter = nn.Linear(dim_in, dim)
        self.positions = LearnedPositions(length, dim) if learned_positions else None
        self.pair_bias = PairBias(length) if pair_bias and length > 1 else None
        self.rotary = Rotary(torch.tensor(times or range(length)), dim // heads) if rotary else None
        self.layers = nn.ModuleList(
            EncoderLayer(dim, heads, feedforward or dim, dropout, pre_norm, recompute) for _ in range(layers)
        )
        self.last_norm = nn.LayerNorm(dim) if pre_norm else None
        self.leave = nn.Linear(dim, dim_out)

    def forward(self, x: Tensor, first: int | None = None) -> Tensor:
        """The outputs of the first positions (all by default); the last layer computes no others."""
        count = x.shape[1]
        fits = count <= self.length if self.in_order else count == self.length
        assert fits, f"{count} positions given to an encoder of {self.length}"
        if self.embed is not None:
            x = embedded(self.embed, x)
        x = self.enter(x)
        if self.positions is not None:
            x = self.positions(x)
        for index, layer in enumerate(self.layers):
            queries = first if index == len(self.layers) - 1 else None
            x = layer(x, queries, self._bias(queries or count, count), self.rotary if count > 1 else None)
        if self.last_norm is not None:
            x = self.last_norm(x)
        return self.leave(x)

    def _bias(self, queries: int, count: int) -> Tensor | None:
        """What is added to the scores of the first of so many positions; nothing where there is one."""
        if count == 1:
            return None
        bias = self.pair_bias(queries, count) if self.pair_bias is not None else None
        if not self.in_order:
            return bias
        seen = looking_back(queries, count, self.leave.weight.device)
        return seen if bias is None else bias + seen
