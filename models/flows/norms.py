"""Norm layers of flows: a scale and a shift for each channel that are set from data."""

import torch
from torch import Tensor, distributed, nn

from models.flows.transform import Transform


class ActNorm(Transform):
    """z = (x + shift) exp(log_scale) for each channel (Kingma and Dhariwal, Glow, arXiv 1807.03039, section 3.1).

    `initialise` gives a first batch zero mean and standard deviation ``scale`` in each channel; before, the layer is
    the identity. From then on shift and scale are trained like any other parameter.
    """

    initialised: Tensor

    def __init__(self, dim: int, scale: float = 1.0):
        super().__init__()
        self.scale = scale
        self.shift = nn.Parameter(torch.zeros(dim))
        self.log_scale = nn.Parameter(torch.zeros(dim))
        self.register_buffer("initialised", torch.tensor(False))

    def forward(self, x: Tensor, conditioning: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Shift, then scale each channel."""
        z = (x + self.shift) * self.log_scale.exp()
        return z, (x.shape[1] * self.log_scale.sum()).expand(len(x))

    def inverse(self, z: Tensor, conditioning: Tensor | None = None) -> Tensor:
        """Undo the scale, then the shift."""
        return z * (-self.log_scale).exp() - self.shift

    @torch.no_grad()
    def initialise(self, x: Tensor, conditioning: Tensor | None = None) -> None:
        """Take shift and scale from the mean and standard deviation of each channel, unless that has been done."""
        if not self.initialised:
            mean, variance = _moments(x)
            self.shift.copy_(-mean)
            self.log_scale.copy_((self.scale / (variance.sqrt() + 1e-6)).log())
            self.initialised.fill_(True)


class BatchNorm(Transform):
    """Normalises each channel by running statistics, then scales and shifts it (RealNVP, arXiv 1605.08803, 3.7).

    z = (x - mean) / (deviation + epsilon) exp(log_scale) + shift. In training mode too the batch is normalised by the
    statistics of the batches before it, which are constants to it, and moves them afterwards: so the log-determinant
    is exact in both modes, and no sample depends on its batch. `initialise` sets them from a first batch.
    """

    mean: Tensor
    variance: Tensor
    initialised: Tensor

    def __init__(self, dim: int, momentum: float = 0.1, epsilon: float = 1e-5):
        super().__init__()
        self.momentum, self.epsilon = momentum, epsilon
        self.shift = nn.Parameter(torch.zeros(dim))
        self.log_scale = nn.Parameter(torch.zeros(dim))
        self.register_buffer("mean", torch.zeros(dim))
        self.register_buffer("variance", torch.ones(dim))
        self.register_buffer("initialised", torch.tensor(False))

    def forward(self, x: Tensor, conditioning: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Normalise; in training mode move the running statistics towards those of x."""
        deviation = self.variance.sqrt() + self.epsilon
        z = (x - self.mean) / deviation * self.log_scale.exp() + self.shift
        log_det = x.shape[1] * (self.log_scale.sum() - deviation.log().sum())
        if self.training:
            self._move_towards(x)
        return z, log_det.expand(len(x))

    def inverse(self, z: Tensor, conditioning: Tensor | None = None) -> Tensor:
        """Undo the normalisation by the running statistics."""
        deviation = self.variance.sqrt() + self.epsilon
        return (z - self.shift) * (-self.log_scale).exp() * deviation + self.mean

    @torch.no_grad()
    def initialise(self, x: Tensor, conditioning: Tensor | None = None) -> None:
        """Take the running statistics from x, unless that has been done."""
        if not self.initialised:
            mean, variance = _moments(x)
            self.mean.copy_(mean)
            self.variance.copy_(variance)
            self.initialised.fill_(True)

    @torch.no_grad()
    def _move_towards(self, x: Tensor) -> None:
        mean, variance = _moments(x)
        self.mean.lerp_(mean.to(self.mean), self.momentum)
        self.variance.lerp_(variance.to(self.variance), self.momentum)


def _moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance of each channel over the batches of all processes.

    The variance of a channel that does not vary, which no scale can normalise, is given as 1.
    """
    mean = _mean_of_processes(x.mean(dim=(0, 1)))
    variance = _mean_of_processes((x - mean).square().mean(dim=(0, 1)))
    return mean, torch.where(variance > 1e-12, variance, 1.0)


def _mean_of_processes(values: Tensor) -> Tensor:
    if distributed.is_available() and distributed.is_initialized():
        distributed.all_reduce(values)
        values /= distributed.get_world_size()
    return values
