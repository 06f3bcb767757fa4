"""Networks that steer a coupling step by step: what they give at a frame follows from that frame and those before."""

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.nets.lstm import lstm
from models.nets.sliding import Foreseen, SlidingWindows
from models.nets.transformer import EncoderLayer

State = tuple[Tensor, ...] | None
"""What a recurrent network keeps of the past; None at the beginning."""

Conditioning = Tensor | SlidingWindows | Foreseen | None
"""What a network reads beside x at each step."""


class RecurrentNet(nn.Module):
    """LSTM or GRU layers over (x, conditioning), then a linear layer that begins near zero.

    (batch, time, dim_in) and (batch, time, conditioning_dim) -> (batch, time, dim_out). ``state`` is the hidden state
    of all layers; it is passed and returned, never kept.
    """

    def __init__(
        self,
        dim_in: int,
        conditioning_dim: int,
        dim_out: int,
        *,
        kind: str,
        dim: int,
        layers: int,
        dropout: float = 0.0,
    ):
        super().__init__()
        self.dim_in = dim_in
        layer = {"LSTM": nn.LSTM, "GRU": nn.GRU}[kind]
        between = dropout if layers > 1 else 0.0
        self.layers = layer(dim_in + conditioning_dim, dim, num_layers=layers, dropout=between, batch_first=True)
        self.leave = _quiet(nn.Linear(dim, dim_out))

    def forward(self, x: Tensor, conditioning: Conditioning = None) -> Tensor:
        """The outputs from the beginning."""
        return self.step(x, conditioning, None)[0]

    def step(self, x: Tensor, conditioning: Conditioning, state: State) -> tuple[Tensor, State]:
        """The outputs at the frames that follow on the state, and the state after them."""
        if isinstance(self.layers, nn.LSTM):
            if isinstance(conditioning, SlidingWindows | Foreseen):
                return self._slid(x, conditioning, state)
            hidden, after = self.layers(_joined(x, conditioning), state)
            return self.leave(hidden), after
        hidden, last = self.layers(_joined(x, conditioning), None if state is None else state[0])
        return self.leave(hidden), (last,)

    @property
    def reading(self) -> Tensor | None:
        """The weight that projects the conditioning, where that can be done apart from x: (out, conditioning_dim)."""
        if not isinstance(self.layers, nn.LSTM):
            return None
        return cast("Tensor", self.layers.weight_ih_l0)[:, self.dim_in :]

    def _slid(self, x: Tensor, conditioning: SlidingWindows | Foreseen, state: State) -> tuple[Tensor, State]:
        """`step` of an LSTM whose conditioning is not written out."""
        layers = self.layers
        begin = x.new_zeros(2, layers.num_layers, len(x), layers.hidden_size) if state is None else state
        hidden, last = x, []
        for index, (from_input, from_hidden, bias, other_bias) in enumerate(layers.all_weights):
            dim = hidden.shape[-1]
            gates = F.linear(hidden, from_input[:, :dim], bias + other_bias)
            if not index:
                gates = gates + conditioning.project(from_input[:, dim:])
            states, *ends = lstm(gates.transpose(0, 1), from_hidden, begin[0][index], begin[1][index])
            hidden = states.transpose(0, 1)
            last.append(ends)
            if index + 1 < layers.num_layers:
                hidden = F.dropout(hidden, layers.dropout, self.training)
        hiddens, cells = zip(*last, strict=True)
        return self.leave(hidden), (torch.stack(hiddens), torch.stack(cells))


class FeedForwardNet(nn.Module):
    """Three linear layers at each frame, without memory; the last one begins near zero."""

    def __init__(self, dim_in: int, conditioning_dim: int, dim_out: int, *, dim: int):
        super().__init__()
        self.dim_in = dim_in
        self.enter = nn.Linear(dim_in + conditioning_dim, dim)
        self.middle = nn.Linear(dim, dim)
        self.leave = _quiet(nn.Linear(dim, dim_out))

    def forward(self, x: Tensor, conditioning: Conditioning = None) -> Tensor:
        """(batch, time, dim_in), (batch, time, conditioning_dim) -> (batch, time, dim_out)."""
        return self.leave(F.relu(self.middle(F.relu(_enter(self.enter, x, conditioning)))))

    @property
    def reading(self) -> Tensor:
        """The weight that projects the conditioning: (out, conditioning_dim)."""
        return self.enter.weight[:, self.dim_in :]


class CausalTransformerNet(nn.Module):
    """Transformer layers in which a frame attends to itself and the ``context`` - 1 frames before it.

    A trained number for each distance in time is added to the scores. ``state`` holds the last frames that each layer
    has seen, so that a sequence in pieces gives what it gives as a whole.
    """

    def __init__(
        self,
        dim_in: int,
        conditioning_dim: int,
        dim_out: int,
        *,
        dim: int,
        layers: int,
        heads: int,
        context: int,
        dropout: float = 0.0,
    ):
        super().__init__()
        self.dim_in = dim_in
        self.enter = nn.Linear(dim_in + conditioning_dim, dim)
        self.layers = nn.ModuleList(EncoderLayer(dim, heads, dim, dropout) for _ in range(layers))
        self.distances = nn.Parameter(torch.zeros(context))
        self.leave = _quiet(nn.Linear(dim, dim_out))

    def forward(self, x: Tensor, conditioning: Conditioning = None) -> Tensor:
        """The outputs from the beginning."""
        return self.step(x, conditioning, None)[0]

    def step(self, x: Tensor, conditioning: Conditioning, state: State) -> tuple[Tensor, State]:
        """The outputs at the frames that follow on the state, and the state after them."""
        # The newest frame comes first, since a layer answers for the first of the positions that it attends to.
        x = _enter(self.enter, x, conditioning).flip(1)
        fresh = x.shape[1]
        after = []
        for index, layer in enumerate(self.layers):
            seen = x if state is None else torch.cat([x, state[index].to(x.dtype)], dim=1)
            after.append(seen[:, : len(self.distances) - 1])
            x = layer(seen, fresh, self._bias(fresh, seen.shape[1]).to(x.dtype))
        return self.leave(x).flip(1), tuple(after)

    @property
    def reading(self) -> Tensor:
        """The weight that projects the conditioning: (out, conditioning_dim)."""
        return self.enter.weight[:, self.dim_in :]

    def _bias(self, queries: int, keys: int) -> Tensor:
        """The number for each query and key, newest first; minus infinity where the key is later or too early."""
        device = self.distances.device
        distance = torch.arange(keys, device=device) - torch.arange(queries, device=device)[:, None]
        beyond = (distance < 0) | (distance >= len(self.distances))
        return self.distances[distance.clamp(0, len(self.distances) - 1)].masked_fill(beyond, -torch.inf)


def _joined(x: Tensor, conditioning: Conditioning) -> Tensor:
    assert not isinstance(conditioning, Foreseen), "what is foreseen is not written out"
    if isinstance(conditioning, SlidingWindows):
        conditioning = conditioning.written_out()
    return x if conditioning is None else torch.cat([x, conditioning], dim=-1)


def _enter(layer: nn.Linear, x: Tensor, conditioning: Conditioning) -> Tensor:
    """A linear layer over x and the conditioning."""
    if isinstance(conditioning, SlidingWindows | Foreseen):
        dim = x.shape[-1]
        return F.linear(x, layer.weight[:, :dim], layer.bias) + conditioning.project(layer.weight[:, dim:])
    return layer(_joined(x, conditioning))


def _quiet(layer: nn.Linear) -> nn.Linear:
    """Begin near zero, so that a coupling begins near a fixed map, yet not at it: gradients reach every layer."""
    nn.init.normal_(layer.weight, std=0.01)
    nn.init.zeros_(layer.bias)
    return layer
