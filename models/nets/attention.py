"""Multi-head self-attention by the fused kernel."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.nets.attend import attend
from models.nets.positions import Rotary, Turn

Past = Tensor
"""Keys and values of positions before, (batch, time, 2, heads, dim / heads); the keys are turned."""


class SelfAttention(nn.Module):
    """Attention of a sequence to itself (Vaswani et al., arXiv 1706.03762, section 3.2): (batch, time, dim)."""

    def __init__(self, dim: int, heads: int, dropout: float = 0.0):
        super().__init__()
        if dim % heads:
            raise ValueError(
                f"a width of {dim} cannot be shared among {heads} heads; choose a multiple of {heads} "
                "(--dhid and --nhead, or --dhid_flow and --num_heads_flow)"
            )
        self.heads = heads
        self.dropout = dropout
        self.query_key_value = nn.Linear(dim, 3 * dim)
        self.merge = nn.Linear(dim, dim)
        nn.init.xavier_uniform_(self.query_key_value.weight)
        nn.init.zeros_(self.query_key_value.bias)
        nn.init.zeros_(self.merge.bias)

    def forward(
        self, x: Tensor, queries: int | None = None, bias: Tensor | None = None, rotary: Rotary | None = None
    ) -> Tensor:
        """What the first ``queries`` positions (all by default) gather from all positions.

        ``bias`` (queries, time) is added to the scores of every head; ``rotary`` turns queries and keys.
        """
        q, k, v = self._split(x, queries)
        if rotary is not None:
            q, k = rotary(q), rotary(k)
        gathered = attend(q, k, v, bias, self.dropout if self.training else 0.0)
        return self.merge(gathered.transpose(1, 2).flatten(2))

    def step(
        self, x: Tensor, queries: int, bias: Tensor | None, turn: Turn, past: Past | None, passing: int
    ) -> tuple[Tensor, Past]:
        """What the first ``queries`` positions gather from x and from what is past, and the past for the next step.

        ``bias`` (queries, time + past time) is added to the scores, those of the past coming last. The first
        ``passing`` positions of x leave nothing to the past.
        """
        if queries == x.shape[1]:
            turned = turn(self.query_key_value(x).unflatten(-1, (3, self.heads, -1)))
            q, seen = turned[:, :, :1], turned[:, :, 1:]
        else:
            q, seen = self._turned(x, queries, turn)
        if past is not None:
            seen = torch.cat([seen, past], dim=1)
        q, (k, v) = q.squeeze(2).transpose(1, 2), seen.transpose(1, 3).unbind(2)
        bias = None if bias is None else bias.to(v.dtype)
        gathered = attend(q, k, v, bias, self.dropout if self.training else 0.0)
        return self.merge(gathered.transpose(1, 2).flatten(2)), seen[:, passing:]

    def _turned(self, x: Tensor, queries: int, turn: Turn) -> tuple[Tensor, Tensor]:
        """Queries of the first positions, keys and values of all, turned: (batch, time, 1 or 2, heads, dim / heads)."""
        dim = x.shape[-1]
        weight, bias = self.query_key_value.weight, self.query_key_value.bias
        q = F.linear(x[:, :queries], weight[:dim], bias[:dim]).unflatten(-1, (1, self.heads, -1))
        seen = F.linear(x, weight[dim:], bias[dim:]).unflatten(-1, (2, self.heads, -1))
        return turn(q, slice(1)), turn(seen, slice(1, 3))

    def _split(self, x: Tensor, queries: int | None) -> list[Tensor]:
        """Queries of the first positions, keys and values of all: (batch, heads, time, dim / heads) each."""
        if queries is None or queries == x.shape[1]:
            parts = self.query_key_value(x).chunk(3, dim=-1)
        else:
            dim = x.shape[-1]
            weight, bias = self.query_key_value.weight, self.query_key_value.bias
            q = F.linear(x[:, :queries], weight[:dim], bias[:dim])
            parts = (q, *F.linear(x, weight[dim:], bias[dim:]).chunk(2, dim=-1))
        return [part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in parts]
