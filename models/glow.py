"""Glow frame by frame: actnorm, mixing of channels and a coupling in steps, the same at each frame of a window."""

from collections.abc import Iterator

from models.flows.bases import Base
from models.flows.couplings import ChannelCoupling, MapFactory, NetFactory
from models.flows.elementwise import Additive, Affine
from models.flows.flow import Flow
from models.flows.linear import Linear, LULinear, Permutation
from models.flows.norms import ActNorm
from models.flows.transform import Transform

PERMUTATIONS = ("invconv", "shuffle", "reverse")
COUPLINGS = ("affine", "additive")


def glow(
    dim: int,
    steps: int,
    net: NetFactory,
    base: Base,
    *,
    permutation: str = "invconv",
    lu_decomposed: bool = False,
    coupling: str = "affine",
    actnorm_scale: float = 1.0,
) -> Flow:
    """A flow over frames of ``dim`` channels (MoGlow, arXiv 1905.06598): ``steps`` times norm, mixing, coupling.

    Channels are mixed by one of `PERMUTATIONS` (``invconv`` is a trained linear map) and coupled by one of `COUPLINGS`,
    of which the first half of the channels steers the second. With a recurrent net the frames before a frame steer too.
    """
    couple: MapFactory = {"affine": lambda _: Affine(), "additive": lambda _: Additive()}[coupling]
    mix = {
        "invconv": LULinear if lu_decomposed else Linear,
        "shuffle": Permutation.shuffle,
        "reverse": Permutation.reverse,
    }

    def transforms() -> Iterator[Transform]:
        for _ in range(steps):
            yield ActNorm(dim, actnorm_scale)
            yield mix[permutation](dim)
            yield ChannelCoupling(dim, net, couple, keep_first=True)

    return Flow(transforms(), base)
