"""A flow: a transform and a base distribution make a density that can be evaluated and sampled."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from models.flows.bases import Base, Generators
from models.flows.fixed import FixedInverse
from models.flows.transform import Composition, Conditioning, Transform


class Flow(nn.Module):
    """The distribution of x whose image z under the transforms has the base distribution."""

    def __init__(self, transforms: Iterable[Transform], base: Base):
        super().__init__()
        self.transform = Composition(transforms)
        self.base = base

    def forward(self, x: Tensor, conditioning: Conditioning = None) -> tuple[Tensor, Tensor]:
        """The image z of x (batch, time, dim), and log |det dz/dx| of each window, (batch,)."""
        return self.transform(x, conditioning)

    def log_prob(self, x: Tensor, conditioning: Conditioning = None) -> Tensor:
        """The log density of each window (batch, time, dim) in nats: (batch,)."""
        z, log_det = self.transform(x, conditioning)
        return self.base.log_prob(z) + log_det

    def sample(
        self,
        shape: tuple[int, int, int],
        conditioning: Tensor | None = None,
        temperature: float = 1.0,
        generator: Generators = None,
    ) -> Tensor:
        """Windows of the shape (batch, time, dim), one for each row of the conditioning.

        ``temperature`` multiplies the base sample; ``generator`` is one for all or one for each row.
        """
        return self.transform.inverse(self._draw(shape, temperature, generator), conditioning)

    def sample_from(
        self,
        shape: tuple[int, int, int],
        conditioning: Conditioning,
        state: Any,
        temperature: float = 1.0,
        generator: Generators = None,
        inverse: FixedInverse | None = None,
        first: int | None = None,
    ) -> tuple[Tensor, Any]:
        """`sample` of windows that go on where earlier ones ended, and the state at their end; None begins.

        With an ``inverse`` from `fixed_inverse` all of a sequence's windows are made by it. Of a flow whose frames do
        not depend on later ones it gives the ``first`` if there is a number, with the same noise.
        """
        z = self._draw(shape, temperature, generator)[:, :first]
        return (inverse or self.transform).inverse_from(z, conditioning, state)

    def fixed_inverse(self, dim: int) -> FixedInverse:
        """The inverse for windows of ``dim`` channels as the weights are now."""
        return FixedInverse(self.transform, dim)

    def initialise(self, x: Tensor, conditioning: Conditioning = None) -> None:
        """Set what depends on data from a first batch; what is already initialised stays as it is."""
        self.transform.initialise(x, conditioning)

    @property
    def initialised(self) -> bool:
        """Whether everything that depends on data has been set."""
        flags = [flag for name, flag in self.named_buffers() if name.endswith(".initialised")]
        return not flags or bool(torch.stack(flags).all())

    def _draw(self, shape: tuple[int, int, int], temperature: float, generator: Generators) -> Tensor:
        like = next(self.parameters(), torch.empty(0))
        return self.base.sample(shape, temperature, generator, device=like.device, dtype=like.dtype)
