"""An LSTM layer from what its gates get of the input, so that the input need not be one tensor."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from models.precision import full_precision


def lstm(gates: Tensor, weight: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The hidden states (time, batch, dim) of a long short-term memory, and its last hidden and cell state.

    ``gates`` (time, batch, 4 dim) is what input and biases give to the input, forget, cell and output gate, in torch's
    order, and ``weight`` (4 dim, dim) what the hidden state before gives; ``hidden`` and ``cell`` (batch, dim) are the
    states to begin with. All is computed in the weight's precision. Hochreiter and Schmidhuber 1997, Gers et al. 2000.
    """
    with full_precision(gates.device):
        if len(gates) == 1 and not torch.is_grad_enabled():
            return _step(gates, weight, hidden, cell)
        states, last_cell = _Recurrence.apply(*(each.to(weight) for each in (gates, weight, hidden, cell)))
    return states, states[-1], last_cell


def _step(gates: Tensor, weight: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """`lstm` of a single step that no gradient is wanted of."""
    into, forget, new, out = torch.addmm(gates[0].to(weight), hidden.to(weight), weight.T).chunk(4, dim=-1)
    cell = torch.addcmul(forget.sigmoid() * cell, into.sigmoid(), new.tanh())
    hidden = out.sigmoid() * cell.tanh()
    return hidden[None], hidden, cell


class _Recurrence(torch.autograd.Function):
    """A few operations on whole batches for each step, and gradients by a loop of as few."""

    @staticmethod
    def forward(ctx: Any, gates: Tensor, weight: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
        steps, batch, dim = *gates.shape[:2], hidden.shape[-1]
        active = torch.empty_like(gates, memory_format=torch.contiguous_format)
        states, squashed = gates.new_empty(2, steps, batch, dim)
        cells = torch.cat([cell[None], gates.new_empty(steps, batch, dim)])
        before = hidden
        for step, (given, gate) in enumerate(zip(gates.unbind(), active.unbind(), strict=True)):
            torch.addmm(given, before, weight.T, out=gate)
            into, forget, new, out = gate.chunk(4, dim=-1)
            gate[:, : 2 * dim].sigmoid_(), new.tanh_(), out.sigmoid_()
            torch.mul(forget, cells[step], out=cells[step + 1]).addcmul_(into, new)
            torch.tanh(cells[step + 1], out=squashed[step])
            before = torch.mul(out, squashed[step], out=states[step])
        ctx.save_for_backward(active, weight, hidden, states, cells, squashed)
        return states, cells[-1].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_states: Tensor, d_last: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        active, weight, hidden, states, cells, squashed = ctx.saved_tensors
        into, forget, new, out = active.chunk(4, dim=-1)
        # Each gate's derivative but for what comes from later steps, of all steps at once.
        by_cell = torch.cat(
            [new * into * (1 - into), cells[:-1] * forget * (1 - forget), into * (1 - new.square())], dim=-1
        )
        by_hidden = squashed * out * (1 - out)
        to_cell = out * (1 - squashed.square())
        d_gates = torch.empty_like(active)
        d_hidden, d_cell = torch.zeros_like(hidden), d_last
        for step in reversed(range(len(active))):
            d_hidden = d_hidden + d_states[step]
            d_cell = torch.addcmul(d_cell, d_hidden, to_cell[step])
            d_gate = d_gates[step].unflatten(-1, (4, -1))
            torch.mul(by_cell[step].unflatten(-1, (3, -1)), d_cell.unsqueeze(1), out=d_gate[:, :3])
            torch.mul(by_hidden[step], d_hidden, out=d_gate[:, 3])
            d_hidden = d_gates[step] @ weight
            d_cell = d_cell * forget[step]
        before = torch.cat([hidden[None], states[:-1]])
        d_weight = d_gates.flatten(0, 1).T @ before.flatten(0, 1)
        return d_gates, d_weight, d_hidden, d_cell
