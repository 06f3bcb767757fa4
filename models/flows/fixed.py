"""The inverse of a flow whose weights stay as they are for a while: what depends on them alone is computed once."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional as F

from models.flows.linear import Linear, LULinear, Permutation
from models.flows.norms import ActNorm, BatchNorm
from models.flows.transform import Composition, Conditioning, Transform
from models.precision import full_precision

FRAMEWISE_AFFINE = (ActNorm, BatchNorm, Linear, LULinear, Permutation)
"""What maps each frame by the same matrix and shift."""


class FixedInverse:
    """`Composition.inverse_from` of the weights as they were when this was made.

    Norms, permutations and linear maps that follow one another are a single matrix and shift. Whoever trains on makes a
    new one: it lives with the state of a roll, never with the weights, so that nothing can go stale.
    """

    @torch.no_grad()
    def __init__(self, transform: Composition, dim: int):
        self._stages = list(_stages(transform, dim))

    def inverse_from(self, z: Tensor, conditioning: Conditioning, state: Any) -> tuple[Tensor, Any]:
        """The window whose image is z, and the state at its end: one entry for each transform that has one."""
        states = list(state or [None] * len(self._stages))
        for index, stage in enumerate(self._stages):
            if isinstance(stage, Transform):
                z, states[index] = stage.inverse_from(z, conditioning, states[index])
            else:
                with full_precision(z.device):
                    z = F.linear(z, *stage)
        return z, states


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
