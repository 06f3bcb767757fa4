"""Base distributions: where a flow's z comes from."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

Generators = torch.Generator | Sequence[torch.Generator] | None
"""Where randomness comes from: torch's own source, one generator for the batch, or one for each row of it."""


class Base(nn.Module, ABC):
    """A distribution over windows (batch, time, dim) without parameters to train."""

    @abstractmethod
    def log_prob(self, z: Tensor) -> Tensor:
        """The log density of each window in nats: (batch,)."""

    @abstractmethod
    def sample(
        self,
        shape: tuple[int, int, int],
        temperature: float = 1.0,
        generator: Generators = None,
        *,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> Tensor:
        """Windows of that shape, drawn and then multiplied by the temperature.

        With one generator for each row a row does not depend on the others. Generators of another device are drawn from
        there.
        """


class Normal(Base):
    """Independent standard normal elements."""

    def log_prob(self, z: Tensor) -> Tensor:
        """The sum over elements of -(z^2 + log 2 pi) / 2."""
        return -0.5 * (z.square() + math.log(2 * math.pi)).sum(dim=(1, 2))

    def sample(
        self,
        shape: tuple[int, int, int],
        temperature: float = 1.0,
        generator: Generators = None,
        *,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> Tensor:
        """Normal noise of standard deviation ``temperature``."""
        return temperature * _by_row(_normal, shape, generator, device, dtype)


class StudentT(Base):
    """Each frame an independent multivariate t with ``freedom`` degrees of freedom (arXiv 1907.08394 for flows).

    Its tails are heavy: all channels of a frame share one random scale, so a few odd frames cost little likelihood.
    """

    def __init__(self, freedom: float):
        super().__init__()
        if not freedom > 0:
            raise ValueError(
                f"a t distribution needs more than 0 degrees of freedom, not {freedom} (--flow_dist_param)"
            )
        self.freedom = float(freedom)

    def log_prob(self, z: Tensor) -> Tensor:
        """The sum over frames of the log density of the multivariate t."""
        dim, freedom = z.shape[-1], self.freedom
        constant = math.lgamma((freedom + dim) / 2) - math.lgamma(freedom / 2) - dim / 2 * math.log(math.pi * freedom)
        return (constant - (freedom + dim) / 2 * torch.log1p(z.square().sum(dim=-1) / freedom)).sum(dim=1)

    def sample(
        self,
        shape: tuple[int, int, int],
        temperature: float = 1.0,
        generator: Generators = None,
        *,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> Tensor:
        """Normal noise, each frame divided by the root of a chi-square over its degrees of freedom."""
        return temperature * _by_row(self._draw, shape, generator, device, dtype)

    def _draw(self, shape: Sequence[int], generator: torch.Generator | None, place: torch.device) -> Tensor:
        halves = torch.full((*shape[:-1], 1), self.freedom / 2, dtype=torch.float64, device=place)
        chi_square = 2 * torch._standard_gamma(halves, generator=generator)
        return _normal(shape, generator, place) * (self.freedom / chi_square).sqrt()


def make_base(name: str, freedom: float = 50.0) -> Base:
    """The base that ``--flow_dist`` names: normal or studentT, the latter with ``--flow_dist_param``."""
    makers: dict[str, Callable[[], Base]] = {"normal": Normal, "studentT": lambda: StudentT(freedom)}
    if name not in makers:
        raise ValueError(f"--flow_dist {name}: there is {' and '.join(makers)}")
    return makers[name]()


def _by_row(
    draw: Callable[[Sequence[int], torch.Generator | None, torch.device], Tensor],
    shape: tuple[int, int, int],
    generator: Generators,
    device: torch.device | str,
    dtype: torch.dtype,
) -> Tensor:
    if generator is None or isinstance(generator, torch.Generator):
        place = generator.device if generator is not None else torch.device(device)
        return draw(shape, generator, place).to(device, dtype)
    if len(generator) != shape[0]:
        raise ValueError(f"{len(generator)} generators for a batch of {shape[0]}; give one, or one for each row")
    return torch.stack([draw(shape[1:], each, each.device).to(device, dtype) for each in generator])


def _normal(shape: Sequence[int], generator: torch.Generator | None, place: torch.device) -> Tensor:
    return torch.randn(tuple(shape), generator=generator, device=place)
