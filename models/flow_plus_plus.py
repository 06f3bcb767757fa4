"""Flow++ over an output window: norm, mixing and coupling in steps, at one or several frame rates."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from torch import nn

from models.flows.bases import Base
from models.flows.couplings import ChannelCoupling, FrameCoupling
from models.flows.elementwise import BoundedAffine, MixtureAffine
from models.flows.flow import Flow
from models.flows.linear import LULinear
from models.flows.multiscale import HalfRate
from models.flows.norms import ActNorm, BatchNorm
from models.flows.transform import Composition, Transform

NORMS = ("none", "batchnorm", "actnorm")


@dataclass(frozen=True)
class Place:
    """What the couplings of one scale work on: frames of the window, and frames and channels of the conditioning."""

    frames: int
    conditioning_frames: int
    conditioning_dim: int

    def half_rate(self) -> "Place":
        """The same at half the frame rate, where pairs of conditioning frames are channels.

        >>> Place(frames=5, conditioning_frames=7, conditioning_dim=8).half_rate()
        Place(frames=2, conditioning_frames=4, conditioning_dim=16)
        """
        cut = self.conditioning_frames == self.frames
        return Place(self.frames // 2, (self.conditioning_frames + (not cut)) // 2, 2 * self.conditioning_dim)


MakeNet = Callable[[int, int, Place], nn.Module]
"""Given (dim_in, dim_out, place): a network that is called with (x, conditioning) and gives (batch, time, dim_out)."""


def read_scales(text: str) -> list[tuple[int, int]]:
    """How many steps couple along channels and how many along time, for each scale, from the value of ``--scales``.

    >>> read_scales("[[8,0],[4,2]]")
    [(8, 0), (4, 2)]
    """
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    if not numbers or len(numbers) % 2 or re.search(r"[^\d,\[\]()\s]", text):
        raise ValueError(
            f"--scales {text}: give two whole numbers for each scale, how many steps couple channels and how many "
            "couple frames, as in [[8,0]] or [[8,0],[4,2]]"
        )
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def flow_plus_plus(
    dim: int,
    scales: Sequence[tuple[int, int]],
    place: Place,
    make_net: MakeNet,
    base: Base,
    *,
    norm: str = "none",
    momentum: float = 0.1,
    components: int = 0,
) -> Flow:
    """A flow over windows of ``place.frames`` frames of ``dim`` channels (Ho et al., arXiv 1902.00275, over time).

    At each scale, first the steps that couple channels, then those that couple frames; each is a norm layer (one of
    `NORMS`, batch norm with ``momentum``), an invertible linear map and a coupling, of ``components`` logistics if any.
    Each further scale transforms half of the channels that pairs of frames make. ValueError if the window is too short.
    """
    if place.frames >> (len(scales) - 1) == 0:
        raise ValueError(
            f"--scales has {len(scales)} scales, which take at least {2 ** (len(scales) - 1)} frames; "
            f"--output_lengths gives {place.frames}"
        )
    make_norm = {"none": None, "batchnorm": partial(BatchNorm, momentum=momentum), "actnorm": ActNorm}[norm]
    element_map = partial(MixtureAffine, components=components) if components else BoundedAffine

    def transforms(scales: Sequence[tuple[int, int]], place: Place) -> Iterator[Transform]:
        def net(dim_in: int, dim_out: int) -> nn.Module:
            return make_net(dim_in, dim_out, place)

        along_channels, along_time = scales[0]
        for index in range(along_channels + along_time):
            if make_norm is not None:
                yield make_norm(dim)
            yield LULinear(dim)
            if index < along_channels:
                yield ChannelCoupling(dim, net, element_map)
            else:
                yield FrameCoupling(dim, net, element_map, keep_even=(index - along_channels) % 2 == 1)
        if scales[1:]:
            yield HalfRate(Composition(transforms(scales[1:], place.half_rate())))

    return Flow(transforms(scales, place), base)
