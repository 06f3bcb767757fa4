"""The inverse of a flow whose weights stay as they are for a while: what depends on them alone is computed once."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import groupby
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional as F

from models.flows.couplings import ChannelCoupling, Simpler
from models.flows.linear import Linear, LULinear, Permutation
from models.flows.norms import ActNorm, BatchNorm
from models.flows.transform import Composition, Conditioning, Transform
from models.precision import full_precision

FRAMEWISE_AFFINE = (ActNorm, BatchNorm, Linear, LULinear, Permutation)
"""What maps each frame by the same matrix and shift."""


class FixedInverse:
    """`Composition.inverse_from` of the weights as they were when this was made.

    Norms, permutations and linear maps that follow one another are a single matrix and shift. Networks whose weights
    are float32 compute in that, under autocast too. Whoever trains on makes a new one: it lives with the state of a
    roll, never with the weights, so that nothing can go stale.
    """

    @torch.no_grad()
    def __init__(self, transform: Composition, dim: int):
        self._stages = list(_stages(transform, dim))
        self._precise = all(parameter.dtype == torch.float32 for parameter in transform.parameters())

    def inverse_from(self, z: Tensor, conditioning: Conditioning, state: Any) -> tuple[Tensor, Any]:
        """The window whose image is z, and the state at its end: one entry for each transform that has one."""
        if not self._precise:
            return self._inverted(z, conditioning, state)
        with full_precision(z.device):
            return self._inverted(z, conditioning.to(z) if isinstance(conditioning, Tensor) else conditioning, state)

    def _inverted(self, z: Tensor, conditioning: Conditioning, state: Any) -> tuple[Tensor, Any]:
        if z.shape[1] == 1 and self._precise and self._lone is not None:
            return self._lone(z[:, 0], conditioning[:, 0])[:, None], None
        states = list(state or [None] * len(self._stages))
        for index, stage in enumerate(self._stages):
            if isinstance(stage, Transform):
                z, states[index] = stage.inverse_from(z, conditioning, states[index])
            else:
                with full_precision(z.device):
                    z = F.linear(z, *stage)
        return z, states

    @cached_property
    def _lone(self) -> "_LoneInverse | None":
        """What is simpler for single frames, if all of it is."""
        nets = [_alone(stage) for stage in self._stages if isinstance(stage, Transform)]
        return _LoneInverse(self._stages, nets) if nets and all(nets) else None


class _LoneInverse:
    """The inverse of single frames (batch, dim), which reads the conditioning once, for all networks."""

    @torch.no_grad()
    def __init__(self, stages: Sequence[Any], nets: Sequence[Any]):
        self._reading, self._shift = (torch.cat([getattr(net, each) for net in nets]) for each in ("reading", "shift"))
        self._sizes = [len(net.shift) for net in nets]
        self._stages, self._nets = stages, nets

    def __call__(self, z: Tensor, conditioning: Tensor) -> Tensor:
        read = F.linear(conditioning, self._reading, self._shift).split(self._sizes, dim=1)
        nets = zip(self._nets, read, strict=True)
        for stage in self._stages:
            if isinstance(stage, ChannelCoupling):
                net, part = next(nets)
                z = stage.inverse_by(net, z, part)
            else:
                z = F.linear(z, *stage)
        return z


def _alone(stage: Transform) -> Any:
    net = stage.net if isinstance(stage, ChannelCoupling) else None
    return net.alone() if isinstance(net, Simpler) else None


def _stages(transform: Composition, dim: int) -> Iterator[Transform | tuple[Tensor, Tensor]]:
    """What to do one after the other: transforms to invert, or matrix and shift of several that have been."""
    transforms = cast("list[Transform]", list(transform.transforms))
    for affine, group in groupby(reversed(transforms), lambda each: isinstance(each, FRAMEWISE_AFFINE)):
        if not affine:
            yield from group
            continue
        like = next(transform.parameters())
        # The image of zero is the shift, that of the unit vectors the columns of the matrix and the shift.
        probes = torch.cat([like.new_zeros(1, dim), torch.eye(dim, dtype=like.dtype, device=like.device)]).unsqueeze(0)
        for each in group:
            probes = each.inverse(probes)
        shift = probes[0, 0]
        yield (probes[0, 1:] - shift).T.contiguous(), shift
