"""Under autocast a flow's mathematics stays in the precision of x; only the networks that steer it are rounded."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import registry
from models.flows.bases import Base, Normal, StudentT
from models.flows.couplings import ChannelCoupling, FrameCoupling
from models.flows.elementwise import Affine, BoundedAffine, MixtureAffine
from models.flows.linear import Linear, LULinear, Permutation
from models.flows.multiscale import HalfRate
from models.flows.norms import ActNorm, BatchNorm
from models.flows.transform import Composition, Transform
from tests.models.test_models_contract import MOTION, SMALL, SOUND, TARGET, options

DIM = 6


class Rounded(nn.Module):
    """A network whose answers bfloat16 can hold."""

    def __init__(self, dim_in: int, dim_out: int):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(dim_in, dim_out).bfloat16().float())

    def forward(self, x: Tensor, conditioning: Tensor | None = None) -> Tensor:
        """Of the signs of x, so that sums are exact."""
        return (x.sign().unsqueeze(-1) * self.weight).amax(dim=-2).bfloat16()


TRANSFORMS: dict[str, Any] = {
    "actnorm": lambda: ActNorm(DIM),
    "batchnorm": lambda: BatchNorm(DIM),
    "linear": lambda: Linear(DIM),
    "LU": lambda: LULinear(DIM),
    "permutation": lambda: Permutation.shuffle(DIM),
    "affine": lambda: ChannelCoupling(DIM, Rounded, lambda _: Affine()),
    "bounded": lambda: FrameCoupling(DIM, Rounded, BoundedAffine),
    "mixture": lambda: ChannelCoupling(DIM, Rounded, lambda dim: MixtureAffine(dim, 3)),
    "half rate": lambda: HalfRate(Composition([LULinear(DIM), ActNorm(DIM)])),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_autocast_changes_no_digit_of_a_transform(name: str) -> None:
    torch.manual_seed(0)
    transform: Transform = TRANSFORMS[name]().eval()
    x = torch.randn(3, 4, DIM)
    transform.initialise(x)
    z, log_det = transform(x)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = *transform(x), transform.inverse(z)
    assert [each.dtype for each in found] == [torch.float32] * 3
    assert all(map(torch.equal, found, (z, log_det, transform.inverse(z))))


@pytest.mark.parametrize("base", [Normal(), StudentT(5.0)])
def test_autocast_changes_no_digit_of_a_base_density(base: Base) -> None:
    z = torch.randn(3, 4, DIM, generator=torch.Generator().manual_seed(0))
    expected = base.log_prob(z)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(base.log_prob(z), expected)


@pytest.mark.parametrize(
    "name", ["transflower", "transformerflow", "moglow", "transglower", "residualflower", "residualflower2"]
)
def test_a_loss_in_bfloat16_is_within_a_tenth_of_a_percent(name: str, tmp_path: Path) -> None:
    """Though a step of bfloat16 is four times as much of a number."""
    torch.manual_seed(0)
    model = registry.find("model", name)(options(name, tmp_path, **SMALL), (MOTION, SOUND), (TARGET,))
    sides = ("in", MOTION), ("in", SOUND), ("out", TARGET)
    batch = {f"{side}_{window.modality}": torch.randn(16, window.length, window.dim) for side, window in sides}
    exact = model.losses(batch)["loss"]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = model.losses(batch)["loss"]
    assert rounded.dtype == torch.float32
    assert rounded.item() == pytest.approx(exact.item(), rel=0.001)
