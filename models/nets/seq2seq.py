"""A decoder that gives frame after frame, attending to what encoders made of the inputs."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Memory:
    """Vectors to attend to, (batch, slots, dim), and which of them are there, (batch, slots); None: all."""

    values: Tensor
    present: Tensor | None = None


class Attention(nn.Module):
    """Dot products of a query with projected vectors; they are the keys and the values."""

    def __init__(self, dim_in: int, dim: int):
        super().__init__()
        self.project = nn.Linear(dim_in, dim)

    def keys(self, memory: Memory) -> tuple[Tensor, Tensor | None]:
        """A memory as `forward` reads it: zeros, and nothing of the attention, where nothing is there."""
        keys = self.project(memory.values)
        if memory.present is None:
            return keys, None
        # Of a memory without anything all scores are equal, and what is attended to is zeros.
        bias = torch.zeros_like(keys[..., 0]).masked_fill(~memory.present, torch.finfo(keys.dtype).min / 2)
        return keys * memory.present[..., None], bias

    def forward(self, query: Tensor, keys: Tensor, bias: Tensor | None) -> Tensor:
        """(batch, dim), (batch, slots, dim) as `keys` gives them -> (batch, dim).

        ``bias`` (batch, slots) is added to the scores. Where nothing is there, the result is zeros.
        """
        scores = torch.bmm(keys, query.unsqueeze(2)).squeeze(2)
        weights = (scores if bias is None else scores + bias).softmax(dim=1)
        return torch.bmm(weights.unsqueeze(1), keys).squeeze(1)


class AttentiveDecoder(nn.Module):
    """A GRU over its own outputs: state and attended memories, through a linear layer, are the next frame.

    It is warmed up on the frames before, from a state that `enter` makes of the encoder's last one, and then fed the
    last of these frames. ``memory_dims`` are the dims of the memories that are attended to, each on its own.
    """

    def __init__(self, dim_out: int, dim: int, dim_state: int, memory_dims: Sequence[int]):
        super().__init__()
        self.enter = nn.Linear(dim_state, dim)
        self.gru = nn.GRU(dim_out, dim, batch_first=True)
        self.attentions = nn.ModuleList(Attention(each, dim) for each in memory_dims)
        self.leave = nn.Linear(dim * (1 + len(memory_dims)), dim_out)

    def forward(self, before: Tensor, state: Tensor, memories: Sequence[Memory], frames: int) -> Tensor:
        """The next ``frames`` frames, (batch, frames, dim_out).

        ``before`` (batch, time, dim_out) are the frames before them, ``state`` (batch, dim_state) the encoder's.
        """
        _, warm = self.gru(before, self.enter(state)[None])
        hidden, frame = warm[0], before[:, -1]
        attentions = [attention for attention in self.attentions if isinstance(attention, Attention)]
        looks = [(each, *each.keys(memory)) for each, memory in zip(attentions, memories, strict=True)]
        made = []
        for _ in range(frames):
            hidden = torch.gru_cell(frame, hidden, *self.gru.all_weights[0])
            frame = self.leave(torch.cat([hidden, *(look(hidden, keys, bias) for look, keys, bias in looks)], dim=1))
            made.append(frame)
        return torch.stack(made, dim=1)
