"""Couplings: one part of a window is mapped by what a network makes of the other part and the conditioning."""

from collections.abc import Callable
from typing import Any, Protocol, cast, runtime_checkable

import torch
from torch import Tensor, nn

from models.flows.elementwise import ElementMap
from models.flows.transform import Conditioning, Transform

NetFactory = Callable[[int, int], nn.Module]
"""Given (dim_in, dim_out): a network that is called with (x, conditioning) and gives (batch, time, dim_out)."""

MapFactory = Callable[[int], ElementMap]
"""Given the number of channels that are mapped: the map of each element."""


@runtime_checkable
class Recurrent(Protocol):
    """A network whose answer depends on earlier calls, by a state that is passed and returned."""

    def step(self, x: Tensor, conditioning: Conditioning, state: Any) -> tuple[Tensor, Any]:
        """The answer to (x, conditioning) and the state after it; None is the state at the beginning."""


class Lone(Protocol):
    """A network for windows of a single frame, whose conditioning is read outside, by ``reading`` and ``shift``."""

    reading: Tensor
    shift: Tensor

    def __call__(self, x: Tensor, read: Tensor) -> Tensor:
        """x (batch, dim_in), and what is read of the conditioning (batch, dim) -> (batch, dim_out)."""


@runtime_checkable
class Simpler(Protocol):
    """A network that may be simpler for windows of a single frame."""

    def alone(self) -> Lone | None:
        """What it is then, as its weights are now; None if that is no simpler."""


class ChannelCoupling(Transform):
    """Half of the channels are mapped, the others stay and steer the map (RealNVP, arXiv 1605.08803, section 3.2).

    Of an odd number of channels one more is mapped than stays. The mapped half are the first channels, or with
    ``keep_first`` the last ones.
    """

    def __init__(self, dim: int, net: NetFactory, element_map: MapFactory, keep_first: bool = False):
        super().__init__()
        self.kept = dim // 2
        self.keep_first = keep_first
        self.map = element_map(dim - self.kept)
        self.net = net(self.kept, self.map.each * (dim - self.kept))
        self.recurrent = isinstance(self.net, Recurrent)

    def forward(self, x: Tensor, conditioning: Conditioning = None) -> tuple[Tensor, Tensor]:
        """Map one half, steered by the other."""
        kept, moved = self._split(x)
        moved, log_derivative = self.map(moved, self.net(kept, conditioning).to(x.dtype))
        return self._join(kept, moved), log_derivative.sum(dim=(1, 2))

    def inverse(self, z: Tensor, conditioning: Conditioning = None) -> Tensor:
        """The half that stayed gives the same parameters, with which the map is undone."""
        kept, moved = self._split(z)
        return self._join(kept, self.map.inverse(moved, self.net(kept, conditioning).to(z.dtype)))

    def forward_from(self, x: Tensor, conditioning: Conditioning, state: Any) -> tuple[Tensor, Tensor, Any]:
        """`forward` with the state of a recurrent network."""
        kept, moved = self._split(x)
        parameters, state = self._step(kept, conditioning, state)
        moved, log_derivative = self.map(moved, parameters)
        return self._join(kept, moved), log_derivative.sum(dim=(1, 2)), state

    def inverse_from(self, z: Tensor, conditioning: Conditioning, state: Any) -> tuple[Tensor, Any]:
        """`inverse` with the state of a recurrent network."""
        kept, moved = self._split(z)
        parameters, state = self._step(kept, conditioning, state)
        return self._join(kept, self.map.inverse(moved, parameters)), state

    def inverse_by(self, net: Lone, z: Tensor, read: Tensor) -> Tensor:
        """`inverse` of single frames (batch, dim) by what stands in for the network."""
        kept, moved = self._split(z)
        return self._join(kept, self.map.inverse(moved, net(kept, read)))

    def _step(self, kept: Tensor, conditioning: Conditioning, state: Any) -> tuple[Tensor, Any]:
        if self.recurrent:
            parameters, state = cast("Recurrent", self.net).step(kept, conditioning, state)
        else:
            parameters = self.net(kept, conditioning)
        return parameters.to(kept.dtype), state

    def _split(self, x: Tensor) -> tuple[Tensor, Tensor]:
        if self.keep_first:
            return x[..., : self.kept], x[..., self.kept :]
        moved = x.shape[-1] - self.kept
        return x[..., moved:], x[..., :moved]

    def _join(self, kept: Tensor, moved: Tensor) -> Tensor:
        return torch.cat([kept, moved] if self.keep_first else [moved, kept], dim=-1)


class FrameCoupling(Transform):
    """Every other frame is mapped, the frames between stay and steer the map: a checkerboard over time.

    The network sees the window with zeros in place of the frames that are mapped. These are the even frames, 0, 2, ...,
    or with ``keep_even`` the odd ones.
    """

    def __init__(self, dim: int, net: NetFactory, element_map: MapFactory, keep_even: bool = False):
        super().__init__()
        self.keep_even = keep_even
        self.map = element_map(dim)
        self.net = net(dim, self.map.each * dim)

    def forward(self, x: Tensor, conditioning: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Map every other frame, steered by the rest."""
        stays = self._stays(x)
        z, log_derivative = self.map(x, self._steered(x, stays, conditioning))
        return torch.where(stays, x, z), log_derivative.masked_fill(stays, 0.0).sum(dim=(1, 2))

    def inverse(self, z: Tensor, conditioning: Tensor | None = None) -> Tensor:
        """The frames that stayed give the same parameters, with which the map is undone."""
        stays = self._stays(z)
        return torch.where(stays, z, self.map.inverse(z, self._steered(z, stays, conditioning)))

    def _stays(self, x: Tensor) -> Tensor:
        frames = torch.arange(x.shape[1], device=x.device)
        return (frames % 2 == (0 if self.keep_even else 1)).unsqueeze(-1)

    def _steered(self, x: Tensor, stays: Tensor, conditioning: Tensor | None) -> Tensor:
        return self.net(x.masked_fill(~stays, 0.0), conditioning).to(x.dtype)
