"""The sound around each frame, as one vector: three layers at each place of the context, then a recurrent layer."""

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.nets.places import PlaceWeights, Statistics, last_states

EPS, MOMENTUM = 1e-5, 0.1
"""Of normalisation, as PyTorch has them."""
TOGETHER = 512
"""So many contexts go through a small recurrent layer at a time: their states stay in the processor's cache."""
FORESEEN_TOGETHER = 48
"""As many where nothing is trained, all places of them at once."""


class PlaceNorm(nn.Module):
    """Batch normalisation whose channels are the places of a context, not its features.

    A place has one mean and one variance over the batch, the frames and all features (as the published gesture system
    has it, FineMotion, GENEA 2020). Training normalises by the batch and moves the running statistics; evaluation uses
    those.
    """

    weight: nn.Parameter
    bias: nn.Parameter
    running_mean: Tensor
    running_var: Tensor

    def __init__(self, places: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(places))
        self.bias = nn.Parameter(torch.zeros(places))
        self.register_buffer("running_mean", torch.zeros(places))
        self.register_buffer("running_var", torch.ones(places))

    @torch.no_grad()
    def move(self, means: Tensor, variances: Tensor, count: int) -> None:
        """Let the running statistics follow those of a batch, which are of so many numbers."""
        self.running_mean.lerp_(means.to(self.running_mean), MOMENTUM)
        self.running_var.lerp_((variances * (count / max(count - 1, 1))).to(self.running_var), MOMENTUM)


class ContextEncoder(nn.Module):
    """A vector for each frame from the ``length`` frames of sound around it.

    Linear layers, each followed by a `PlaceNorm` and a rectifier, a GRU over the places whose last state counts, then
    batch normalisation over features and a rectifier (FineMotion, GENEA 2020). Contexts of neighbouring frames overlap:
    the first linear layer sees each frame of sound once, and what follows goes place by place without copies of the
    contexts.
    """

    def __init__(self, dim_in: int, dim: int, length: int, layers: int = 3):
        super().__init__()
        self.length = length
        dims = [dim_in, *[dim] * layers]
        self.layers = nn.ModuleList(nn.Linear(*pair) for pair in pairwise(dims))
        self.place_norms = nn.ModuleList(PlaceNorm(length) for _ in range(layers))
        self.gru = nn.GRU(dim, dim, batch_first=True)
        self.norm = nn.BatchNorm1d(dim)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, frames + length - 1, dim_in) -> (batch, frames, dim)."""
        first, *others = self.layers
        norms = [norm for norm in self.place_norms if isinstance(norm, PlaceNorm)]
        if not self.training and not torch.is_grad_enabled() and not torch.is_autocast_enabled(x.device.type):
            windows = first(x).split(max(1, FORESEEN_TOGETHER // (x.shape[1] - self.length + 1)))
            states = torch.cat([self._last_states(entered, others, norms) for entered in windows])
            return F.relu(self.norm(states)).unflatten(0, (len(x), -1))
        given = None
        if not self.training:
            means, variances = ([getattr(norm, name) for norm in norms] for name in ("running_mean", "running_var"))
            given = Statistics(torch.stack(means), torch.stack(variances), 0)
        weights = PlaceWeights(
            torch.stack([norm.weight for norm in norms]),
            torch.stack([norm.bias for norm in norms]),
            tuple(self.gru.all_weights[0]),
            tuple(parameter for layer in others for parameter in layer.parameters()),
        )
        states, used = last_states(first(x).to(x.dtype), weights, self.length, EPS, given)
        if self.training:
            for norm, means, variances in zip(norms, used.means, used.variances, strict=True):
                norm.move(means, variances, used.numbers)
        return F.relu(self.norm(states)).unflatten(0, (len(x), -1))

    def _last_states(self, entered: Tensor, layers: Sequence[nn.Module], norms: Sequence[PlaceNorm]) -> Tensor:
        """What `last_states` gives for running statistics, without a backward pass: fewer and larger products."""
        gains = [norm.weight * torch.rsqrt(norm.running_var + EPS) for norm in norms]
        shifts = [norm.bias - gain * norm.running_mean for norm, gain in zip(norms, gains, strict=True)]
        y = entered.unfold(1, self.length, 1).permute(3, 0, 1, 2).flatten(1, 2)  # (places, rows, dim)
        for layer, gain, shift in zip([nn.Identity(), *layers], gains, shifts, strict=True):
            y = torch.addcmul(shift[:, None, None], layer(y), gain[:, None, None]).relu_()
        state = y.new_zeros(1, *y.shape[1:])
        return torch.gru(y, state, list(self.gru.all_weights[0]), True, 1, 0.0, False, False, False)[1][0]


class ContextGru(nn.Module):
    """The last state of a GRU, as wide as its input, over the ``length`` frames of sound around each frame."""

    def __init__(self, dim: int, length: int):
        super().__init__()
        self.length = length
        self.gru = nn.GRU(dim, dim, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, frames + length - 1, dim) -> (batch, frames, dim)."""
        contexts = x.unfold(1, self.length, 1).transpose(2, 3).flatten(0, 1)
        states = [self.gru(some)[1][-1] for some in contexts.split(TOGETHER)]
        return torch.cat(states).unflatten(0, (len(x), -1))
