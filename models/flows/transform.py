"""What every transform of a flow promises, and transforms one after another."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, cast

import torch
from torch import Tensor, nn

Conditioning = Any
"""What the networks of couplings read beside x; to the transforms, which hand it on, it is nothing but that."""


class Transform(nn.Module, ABC):
    """An invertible map of a window (batch, time, dim) to one of the same shape, that may depend on a conditioning.

    The conditioning is most often (batch, any time, any dim); what it must fit is the business of the network that
    reads it.

    Everything is computed in the precision of x, under autocast too: the image, the log-determinant, and products with
    matrices, which autocast would round. So is the base density. Only the networks of couplings may be less precise,
    since whatever they answer, the map that it steers is inverted exactly.
    """

    @abstractmethod
    def forward(self, x: Tensor, conditioning: Conditioning = None) -> tuple[Tensor, Tensor]:
        """The image z of x, and log |det dz/dx| of each window, (batch,), in nats."""

    @abstractmethod
    def inverse(self, z: Tensor, conditioning: Conditioning = None) -> Tensor:
        """The x whose image is z. It changes nothing in the transform, in training mode neither."""

    def forward_from(self, x: Tensor, conditioning: Conditioning, state: Any) -> tuple[Tensor, Tensor, Any]:
        """`forward` of a window that goes on where an earlier one ended: z, log_det and the state at its end.

        ``state`` is what the earlier call returned, or None at the beginning. Only transforms with a recurrent network
        have one.
        """
        return *self(x, conditioning), None

    def inverse_from(self, z: Tensor, conditioning: Conditioning, state: Any) -> tuple[Tensor, Any]:
        """`inverse` of a window that goes on where an earlier one ended: x and the state at its end."""
        return self.inverse(z, conditioning), None

    def initialise(self, x: Tensor, conditioning: Conditioning = None) -> None:
        """Set what depends on data, such as the scales of norm layers, from a first batch.

        What is already initialised, by an earlier call or a checkpoint, stays as it is.
        """


class Composition(Transform):
    """Transforms applied in order; their log-determinants add up. States are a list with an entry for each."""

    def __init__(self, transforms: Iterable[Transform]):
        super().__init__()
        self.transforms = nn.ModuleList(transforms)

    def forward(self, x: Tensor, conditioning: Conditioning = None) -> tuple[Tensor, Tensor]:
        """The image under all transforms and the sum of their log-determinants."""
        log_det = x.new_zeros(len(x))
        for transform in self._all():
            x, each = transform(x, conditioning)
            log_det = log_det + each
        return x, log_det

    def inverse(self, z: Tensor, conditioning: Conditioning = None) -> Tensor:
        """Undo the transforms, the last one first."""
        for transform in reversed(self._all()):
            z = transform.inverse(z, conditioning)
        return z

    def forward_from(self, x: Tensor, conditioning: Conditioning, state: Any) -> tuple[Tensor, Tensor, Any]:
        """`forward` from a state, one entry per transform."""
        states = list(state or [None] * len(self.transforms))
        log_det = x.new_zeros(len(x))
        for index, transform in enumerate(self._all()):
            x, each, states[index] = transform.forward_from(x, conditioning, states[index])
            log_det = log_det + each
        return x, log_det, states

    def inverse_from(self, z: Tensor, conditioning: Conditioning, state: Any) -> tuple[Tensor, Any]:
        """`inverse` from a state, one entry per transform."""
        states = list(state or [None] * len(self.transforms))
        for index, transform in reversed(list(enumerate(self._all()))):
            z, states[index] = transform.inverse_from(z, conditioning, states[index])
        return z, states

    @torch.no_grad()
    def initialise(self, x: Tensor, conditioning: Conditioning = None) -> None:
        """Initialise each transform on what the ones before it make of x."""
        for transform in self._all():
            transform.initialise(x, conditioning)
            x, _ = transform(x, conditioning)

    def _all(self) -> list[Transform]:
        return cast("list[Transform]", list(self.transforms))
