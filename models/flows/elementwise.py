"""Monotonic maps of single numbers, whose parameters a coupling's network gives for each element."""

import math
from abc import ABC, abstractmethod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

BELOW_ONE = 1 / (1 + math.exp(2))
"""1 - sigmoid(2)."""


class ElementMap(nn.Module, ABC):
    """An increasing function of each element of (batch, time, dim); ``each`` parameters per element make it.

    The parameters come as (batch, time, each * dim): the first of all channels, then the second of all channels, ...
    """

    each: int

    @abstractmethod
    def forward(self, x: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """The images, and the logarithms of the derivatives; both of the shape of x."""

    @abstractmethod
    def inverse(self, z: Tensor, parameters: Tensor) -> Tensor:
        """The elements whose images are z."""


class Additive(ElementMap):
    """z = x + shift (NICE, arXiv 1410.8516)."""

    each = 1

    def forward(self, x: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """Add the shift."""
        return x + parameters, torch.zeros_like(x)

    def inverse(self, z: Tensor, parameters: Tensor) -> Tensor:
        """Subtract the shift."""
        return z - parameters


class Affine(ElementMap):
    """z = (x + shift) scale with scale = sigmoid(raw + 2) + 1e-6, between 0 and 1 (Glow, arXiv 1807.03039).

    Parameters: shift, raw.
    """

    each = 2

    def forward(self, x: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """Shift, then scale."""
        shift, raw = parameters.chunk(2, dim=-1)
        scale = _squashed(raw)
        return (x + shift) * scale, scale.log()

    def inverse(self, z: Tensor, parameters: Tensor) -> Tensor:
        """Undo the scale, then the shift."""
        shift, raw = parameters.chunk(2, dim=-1)
        return z / _squashed(raw) - shift


class BoundedAffine(ElementMap):
    """z = (x + shift) scale with scale = sigmoid(bound tanh(raw) + 2) + 1 - sigmoid(2), which is 1 where raw is 0.

    ``bound`` is trained, one number per channel, weight-normalised as magnitude * direction / |direction| (arXiv
    1602.07868; Flow++, arXiv 1902.00275, in its common implementation). Parameters: raw, shift.
    """

    each = 2

    def __init__(self, dim: int):
        super().__init__()
        self.magnitude = nn.Parameter(torch.ones(dim))
        self.direction = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """Shift, then scale."""
        raw, shift = parameters.chunk(2, dim=-1)
        scale = self._scale(raw)
        return (x + shift) * scale, scale.log()

    def inverse(self, z: Tensor, parameters: Tensor) -> Tensor:
        """Undo the scale, then the shift."""
        raw, shift = parameters.chunk(2, dim=-1)
        return z / self._scale(raw) - shift

    def _scale(self, raw: Tensor) -> Tensor:
        bound = self.magnitude * self.direction / self.direction.abs()
        return torch.sigmoid(bound * raw.tanh() + 2) + BELOW_ONE


class MixtureAffine(ElementMap):
    """The logit of the distribution function of a logistic mixture, then a `BoundedAffine` (Flow++, arXiv 1902.00275).

    Parameters: raw, shift, then ``components`` logits of the weights, as many means, as many logarithms of scales.
    """

    def __init__(self, dim: int, components: int):
        super().__init__()
        self.components = components
        self.each = 2 + 3 * components
        self.affine = BoundedAffine(dim)

    def forward(self, x: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """The mixture's logit, then the affine map."""
        affine, mixture = self._split(parameters)
        y, log_derivative = mixture_logit(x, *mixture)
        z, log_scale = self.affine(y, affine)
        return z, log_derivative + log_scale

    def inverse(self, z: Tensor, parameters: Tensor) -> Tensor:
        """Undo the affine map, then the mixture's logit."""
        affine, mixture = self._split(parameters)
        return inverse_mixture_logit(self.affine.inverse(z, affine), *mixture)

    def _split(self, parameters: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
        """Parameters of the affine map; log weights, means and log scales, each (..., components, dim)."""
        count = parameters.shape[-1] // self.each
        affine, *mixture = parameters.split([2 * count, *[self.components * count] * 3], dim=-1)
        logits, means, log_scales = (each.unflatten(-1, (self.components, count)) for each in mixture)
        return affine, (F.log_softmax(logits, dim=-2), means, log_scales.clamp(min=-7.0))


def mixture_logit(x: Tensor, log_weights: Tensor, means: Tensor, log_scales: Tensor) -> tuple[Tensor, Tensor]:
    """log u - log(1 - u), u the distribution function of a mixture of logistics at x, and its log derivative.

    x is (..., dim), the others (..., components, dim). Both logarithms are sums of exponentials, so that nothing
    saturates however far x lies from the means.
    """
    t = (x.unsqueeze(-2) - means) * (-log_scales).exp()
    below = (log_weights + F.logsigmoid(t)).logsumexp(dim=-2)
    above = (log_weights + F.logsigmoid(-t)).logsumexp(dim=-2)
    log_density = (log_weights + F.logsigmoid(t) + F.logsigmoid(-t) - log_scales).logsumexp(dim=-2)
    return below - above, log_density - below - above


def inverse_mixture_logit(
    z: Tensor, log_weights: Tensor, means: Tensor, log_scales: Tensor, most_steps: int = 200
) -> Tensor:
    """The x with mixture_logit(x) = z, by Newton's method kept within a bracket that bisection narrows.

    u is a weighted mean of the components' values, so its logit lies between theirs and the root between the least and
    the greatest mean + scale z. Gradients are those of the implicit function. FloatingPointError if the numbers are not
    finite or the bracket has not closed in ``most_steps``.
    """
    with torch.no_grad():
        x = _root(z, log_weights, means, log_scales, most_steps)
    if not torch.is_grad_enabled():
        return x
    value, log_derivative = mixture_logit(x, log_weights, means, log_scales)
    rest = (value - z) - (value - z).detach()
    return x - rest * (-log_derivative.detach()).exp()


def _root(z: Tensor, log_weights: Tensor, means: Tensor, log_scales: Tensor, most_steps: int) -> Tensor:
    alone = means + log_scales.exp() * z.unsqueeze(-2)
    low, high = alone.amin(dim=-2), alone.amax(dim=-2)
    x = (low + high) / 2
    step_before = step = high - low
    for _ in range(most_steps):
        value, log_derivative = mixture_logit(x, log_weights, means, log_scales)
        low, high = torch.where(value <= z, x, low), torch.where(value >= z, x, high)
        newton = (value - z) * (-log_derivative).exp()
        good = (newton.abs() <= step_before / 2) & (x - newton >= low) & (x - newton <= high)
        following = torch.where(good, x - newton, (low + high) / 2)
        step_before, step, x = step, (following - x).abs(), following
        # A few units in the last place of what x is computed from.
        close = 4 * torch.finfo(z.dtype).eps * torch.maximum(low.abs(), high.abs()).clamp(min=1e-3)
        if bool((step <= close).all()):
            return x
    raise FloatingPointError(
        f"the inverse of a mixture coupling did not close its brackets in {most_steps} steps: "
        f"{int((~(step <= close)).sum())} of {z.numel()} elements; are its inputs finite?"
    )


def _squashed(raw: Tensor) -> Tensor:
    return torch.sigmoid(raw + 2) + 1e-6
