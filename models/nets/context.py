"""The sound around each frame, as one vector: three layers at each place of the context, then a recurrent layer."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn


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

    def __init__(self, places: int, momentum: float = 0.1, eps: float = 1e-5):
        super().__init__()
        self.momentum, self.eps = momentum, eps
        self.weight = nn.Parameter(torch.ones(places))
        self.bias = nn.Parameter(torch.zeros(places))
        self.register_buffer("running_mean", torch.zeros(places))
        self.register_buffer("running_var", torch.ones(places))

    def forward(self, x: Tensor, place: int) -> Tensor:
        """Normalise what is at one place, of any shape."""
        if self.training:
            variance, mean = torch.var_mean(x, correction=0)
            self._move(mean.detach(), variance.detach(), x.numel(), place)
        else:
            variance, mean = self.running_var[place], self.running_mean[place]
        gain = self.weight[place] * torch.rsqrt(variance + self.eps)
        return x * gain + (self.bias[place] - mean * gain)

    def _move(self, mean: Tensor, variance: Tensor, count: int, place: int) -> None:
        unbiased = variance * (count / max(count - 1, 1))
        self.running_mean[place].lerp_(mean.to(self.running_mean), self.momentum)
        self.running_var[place].lerp_(unbiased.to(self.running_var), self.momentum)


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
        batch, frames = x.shape[0], x.shape[1] - self.length + 1
        first, *others = self.layers
        first_norm, *other_norms = self.place_norms
        entered = first(x)
        places = []
        for place in range(self.length):
            y = F.relu(first_norm(entered[:, place : place + frames].flatten(0, 1), place))
            for layer, norm in zip(others, other_norms, strict=True):
                y = F.relu(norm(layer(y), place))
            places.append(y)
        _, state = self.gru(torch.stack(places, 1))
        return F.relu(self.norm(state[-1])).unflatten(0, (batch, frames))


class ContextGru(nn.Module):
    """The last state of a GRU, as wide as its input, over the ``length`` frames of sound around each frame."""

    def __init__(self, dim: int, length: int):
        super().__init__()
        self.length = length
        self.gru = nn.GRU(dim, dim, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, frames + length - 1, dim) -> (batch, frames, dim)."""
        batch = x.shape[0]
        contexts = x.unfold(1, self.length, 1).transpose(2, 3).flatten(0, 1)
        return self.gru(contexts)[1][-1].unflatten(0, (batch, -1))
