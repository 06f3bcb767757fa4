"""The layers of a context encoder, place after place of the context, with a backward pass of their own.

Normalisation over places makes what follows it different at every place, so that contexts that overlap share the first
linear layer only. All else is done for one place at a time, in the order in which the recurrent layer reads them: no
array ever holds more than one place of all contexts but what backward needs, and that is computed again where there
would be too much of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

KEPT_BYTES = 2**29
"""So much of what backward needs is kept; where it is more, it is computed again."""
AT_A_TIME = 3
"""Places that are then computed again together: only the states between these stretches are kept."""
KEPT_PER_PLACE = 7
"""How many arrays as large as a state that would be, for each place."""


class Statistics(NamedTuple):
    """Means and variances, (layers, places) float64, that norm layers have used, and of how many numbers they are."""

    means: Tensor
    variances: Tensor
    numbers: int


@dataclass(frozen=True)
class PlaceWeights:
    """Weights as `torch.nn` has them; ``gains`` and ``biases`` (layers, places) are those of the norms."""

    gains: Tensor
    biases: Tensor
    gru: tuple[Tensor, ...]
    layers: tuple[Tensor, ...]
    """Weight and bias of each linear layer after the first."""


def last_states(
    entered: Tensor, weights: PlaceWeights, places: int, eps: float, given: Statistics | None
) -> tuple[Tensor, Statistics]:
    """The last state of the recurrent layer for each context, and the statistics that normalised its places.

    ``entered`` (batch, frames + places - 1, dim) are the outputs of the first linear layer. At each place, they and the
    outputs of each further linear layer are normalised, by the ``given`` statistics or by those of the place, and
    rectified; a GRU reads the places in order. The states are (batch * frames, dim).
    """
    setting = _Setting(places, eps, given, _product_dtype(entered))
    everything = (weights.gains, weights.biases, *weights.gru, *weights.layers)
    states, means, variances = _Places.apply(setting, entered, *everything)
    return states, Statistics(means, variances, states.numel())


class _Setting(NamedTuple):
    places: int
    eps: float
    given: Statistics | None
    dtype: torch.dtype


class _Places(torch.autograd.Function):
    """States, means and variances; only the states have gradients."""

    @staticmethod
    def forward(ctx: Any, setting: _Setting, entered: Tensor, *weights: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        with torch.autocast(entered.device.type, enabled=False):
            run = _Run(setting, entered, weights)
            state = entered.new_zeros(run.rows, run.dim)
            trains = any(ctx.needs_input_grad)
            keeps = trains and KEPT_PER_PLACE * setting.places * state.nbytes <= KEPT_BYTES
            length = setting.places if keeps else AT_A_TIME if trains else 1
            ctx.stretches = []
            for places in _stretches(setting.places, length):
                gone = run.go(places, state)
                if trains:
                    ctx.stretches.append((places, state, gone if keeps else None))
                state = gone.states.pop()  # what is kept must not hold the result, which holds what is kept
        ctx.setting, ctx.statistics = setting, (run.means, run.inverses)
        ctx.save_for_backward(entered, *weights)
        ctx.mark_non_differentiable(run.means, run.variances)
        return state, run.means, run.variances

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        entered, *weights = ctx.saved_tensors
        with torch.autocast(entered.device.type, enabled=False):
            run = _Run(ctx.setting, entered, weights, *ctx.statistics)
            gradients = _Gradients(run)
            for places, state, gone in reversed(ctx.stretches):
                gone = gone or run.go(places, state)
                for place, before, kept in list(zip(places, gone.states, gone.kept, strict=False))[::-1]:
                    gradient = gradients.leave(place, kept, before, gradient)
        return None, *gradients.result()


class _Kept(NamedTuple):
    """What backward needs of a place."""

    outputs: list[Tensor]
    """Of the linear layers after the first, before their norms."""
    gates: Tensor
    """Reset, update and candidate, side by side."""
    recurrent: Tensor
    """What the reset gate lets into the candidate."""


class _Gone(NamedTuple):
    """A stretch of places: the states before it and after each of them, and what backward needs of each."""

    states: list[Tensor]
    kept: list[_Kept]


class _Run:
    """Goes through the places of one batch."""

    def __init__(
        self,
        setting: _Setting,
        entered: Tensor,
        weights: Sequence[Tensor],
        means: Tensor | None = None,
        inverses: Tensor | None = None,
    ):
        self.setting, self.entered = setting, entered
        gains, biases, w_in, w_state, b_in, b_state, *layers = weights
        self.gains, self.shifts = gains.tolist(), biases.tolist()
        self.frames = entered.shape[1] - setting.places + 1
        self.rows, self.dim = entered.shape[0] * self.frames, entered.shape[2]
        cast = self.cast
        self.w_in, self.w_state, self.b_in, self.b_state = cast(w_in), cast(w_state), b_in, b_state
        self.layers = [(cast(w), b) for w, b in zip(layers[::2], layers[1::2], strict=True)]
        self.known = means is not None or setting.given is not None
        self._set_statistics(means, inverses)

    def _set_statistics(self, means: Tensor | None, inverses: Tensor | None) -> None:
        """Take those that are known, else make room, and compute those of the first layer from sums of its frames."""
        given = self.setting.given
        shape = (len(self.gains), self.setting.places)
        if means is not None and inverses is not None:
            self.means, self.inverses = means, inverses
        elif given is not None:
            self.means, self.variances = given.means.double().cpu(), given.variances.double().cpu()
            self.inverses = (self.variances + self.setting.eps).rsqrt()
        else:
            self.means, self.variances, self.inverses = (torch.zeros(shape, dtype=torch.float64) for _ in range(3))
            sums, squares = self.entered.sum((0, 2)), self.entered.square().sum((0, 2))
            for place in range(self.setting.places):
                own = slice(place, place + self.frames)
                self._note(0, place, sums[own].sum().item(), squares[own].sum().item())

    def go(self, places: range, state: Tensor) -> _Gone:
        """Go through a stretch of places from the state before it."""
        gone = _Gone([state], [])
        for place in places:
            kept = self.enter(place, gone.states[-1])
            gone.kept.append(kept)
            _, update, candidate = kept.gates.chunk(3, dim=1)
            gone.states.append(torch.lerp(candidate, gone.states[-1], update))
        return gone

    def enter(self, place: int, state: Tensor) -> _Kept:
        """Go through a place, but for the recurrent layer's new state."""
        y = self.activated(self.seen(place), 0, place)
        outputs = []
        for layer, (weight, bias) in enumerate(self.layers, 1):
            z = self.linear(y, weight, bias)
            if not self.known:
                flat = z.view(-1)
                self._note(layer, place, flat.sum().item(), torch.dot(flat, flat).item())
            outputs.append(z)
            y = self.activated(z, layer, place)
        two = 2 * self.dim
        gates, recurrent = self.linear(y, self.w_in, self.b_in), self.linear(state, self.w_state, self.b_state)
        gates[:, :two].add_(recurrent[:, :two]).sigmoid_()
        recurrent = recurrent[:, two:].contiguous()
        _tanh_(gates[:, two:].addcmul_(gates[:, : self.dim], recurrent))
        return _Kept(outputs, gates, recurrent)

    def seen(self, place: int) -> Tensor:
        """What the first layer has made of a place: (batch, frames, dim)."""
        return self.entered[:, place : place + self.frames]

    def activated(self, z: Tensor, layer: int, place: int) -> Tensor:
        """Normalised and rectified: (rows, dim)."""
        gain = self.gains[layer][place] * self.inverses[layer, place].item()
        shift = self.shifts[layer][place] - gain * self.means[layer, place].item()
        return torch.add(z.new_tensor(shift), z, alpha=gain).relu_().view(self.rows, self.dim)

    def linear(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """A linear layer whose product is computed in the setting's type."""
        if self.setting.dtype == x.dtype:
            return torch.addmm(bias, x, weight.t())
        return (self.cast(x) @ weight.t()).to(x.dtype).add_(bias)

    def cast(self, x: Tensor) -> Tensor:
        """Numbers as products read them."""
        return x.to(self.setting.dtype)

    def _note(self, layer: int, place: int, total: float, squares: float) -> None:
        count = self.rows * self.dim
        mean = total / count
        self.means[layer, place] = mean
        self.variances[layer, place] = max(squares / count - mean**2, 0.0)
        self.inverses[layer, place] = (self.variances[layer, place] + self.setting.eps).rsqrt()


class _Gradients:
    """Sums up gradients from the last place to the first."""

    def __init__(self, run: _Run):
        self.run = run
        self.entered = torch.zeros_like(run.entered)
        self.gains = torch.zeros(len(run.gains), run.setting.places, dtype=torch.float64)
        self.biases = torch.zeros_like(self.gains)
        like = run.entered
        linear = [(run.w_in, run.b_in), (run.w_state, run.b_state), *run.layers]
        self.entering, self.returning, *self.layers = (
            (like.new_zeros(weight.shape), like.new_zeros(bias.shape)) for weight, bias in linear
        )

    def leave(self, place: int, kept: _Kept, before: Tensor, gradient: Tensor) -> Tensor:
        """Go back through a place: the gradient of the state after it -> of the state before."""
        run, dim = self.run, self.run.dim
        activations = [run.activated(run.seen(place), 0, place)]
        activations += [run.activated(z, layer, place) for layer, z in enumerate(kept.outputs, 1)]
        reset, update, candidate = kept.gates.chunk(3, dim=1)
        new = torch.ops.aten.tanh_backward(torch.addcmul(gradient, gradient, update, value=-1), candidate)
        gates = torch.cat([new * kept.recurrent, (before - candidate).mul_(gradient)], dim=1)
        gates = torch.ops.aten.sigmoid_backward(gates, kept.gates[:, : 2 * dim])
        y = self._through(self.entering, run.w_in, torch.cat([gates, new], dim=1), activations[-1])
        state = self._through(self.returning, run.w_state, torch.cat([gates, new.mul_(reset)], dim=1), before)
        for layer in range(len(run.layers), 0, -1):
            z = self._through_norm(layer, place, y, activations[layer], kept.outputs[layer - 1])
            weight, _ = run.layers[layer - 1]
            y = self._through(self.layers[layer - 1], weight, z, activations[layer - 1])
        seen = run.seen(place)
        z = self._through_norm(0, place, y, activations[0], seen.reshape(run.rows, dim))
        self.entered[:, place : place + run.frames] += z.view_as(seen)
        return state.addcmul_(gradient, update)

    def result(self) -> tuple[Tensor, ...]:
        """In the order of the weights."""
        (w_in, b_in), (w_state, b_state) = self.entering, self.returning
        norms = (each.to(self.entered) for each in (self.gains, self.biases))
        return self.entered, *norms, w_in, w_state, b_in, b_state, *(each for layer in self.layers for each in layer)

    def _through(self, sums: tuple[Tensor, Tensor], weight: Tensor, gradient: Tensor, x: Tensor) -> Tensor:
        """Back through a linear layer: add to its sums, and give the gradient of its input."""
        cast = self.run.cast(gradient)
        sums[1].add_(gradient.sum(0))
        if cast is gradient:
            sums[0].addmm_(gradient.t(), x)
            return gradient @ weight
        sums[0].add_(cast.t() @ self.run.cast(x))
        return (cast @ weight).to(gradient.dtype)

    def _through_norm(self, layer: int, place: int, gradient: Tensor, y: Tensor, z: Tensor) -> Tensor:
        """Back through rectifier and norm; by its own statistics a place steers them too."""
        run = self.run
        gradient = torch.ops.aten.threshold_backward(gradient, y, 0)
        mean, inverse = run.means[layer, place].item(), run.inverses[layer, place].item()
        total = gradient.sum().item()
        along = inverse * (torch.dot(gradient.reshape(-1), z.reshape(-1)).item() - mean * total)
        self.gains[layer, place], self.biases[layer, place] = along, total
        scale = run.gains[layer][place] * inverse
        if run.setting.given is not None:
            return gradient.mul_(scale)
        count = gradient.numel()
        slope = -scale * inverse * along / count
        shift = -scale * total / count - slope * mean
        return torch.add(z.new_tensor(shift), z, alpha=slope).add_(gradient, alpha=scale)


def _stretches(places: int, length: int) -> list[range]:
    return [range(start, min(start + length, places)) for start in range(0, places, length)]


def _product_dtype(x: Tensor) -> torch.dtype:
    kind = x.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else x.dtype


def _tanh_(x: Tensor) -> Tensor:
    """In place; in single precision by the sigmoid, which PyTorch computes several times as fast."""
    if x.dtype == torch.float64:
        return x.tanh_()
    return x.mul_(2).sigmoid_().mul_(2).sub_(1)
