"""The laws of every transform: the inverse undoes it, and log_det is the determinant of its Jacobian."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor

from models.flows.couplings import ChannelCoupling, FrameCoupling
from models.flows.elementwise import Additive, Affine, BoundedAffine, MixtureAffine
from models.flows.linear import Linear, LULinear, Permutation
from models.flows.multiscale import HalfRate
from models.flows.norms import ActNorm, BatchNorm
from models.flows.transform import Composition, Transform
from tests.models.flows.small_nets import SmallNet

Net = Callable[[int, int], torch.nn.Module]
MAPS: dict[str, Any] = {
    "additive": lambda dim: Additive(),
    "affine": lambda dim: Affine(),
    "bounded": BoundedAffine,
    "mixture": partial(MixtureAffine, components=3),
}


def coupling(kind: Any, element_map: Any, dim: int, net: Net) -> Transform:
    return kind(dim, net, element_map)


MAKERS: dict[str, Callable[[int, Net], Transform]] = {
    "actnorm": lambda dim, net: ActNorm(dim),
    "batchnorm": lambda dim, net: BatchNorm(dim),
    "linear": lambda dim, net: Linear(dim),
    "lu": lambda dim, net: LULinear(dim),
    "shuffle": lambda dim, net: Permutation.shuffle(dim),
    "reverse": lambda dim, net: Permutation.reverse(dim),
    **{f"channels_{name}": partial(coupling, ChannelCoupling, each) for name, each in MAPS.items()},
    "channels_keep_first": lambda dim, net: ChannelCoupling(dim, net, BoundedAffine, keep_first=True),
    **{f"frames_{name}": partial(coupling, FrameCoupling, each) for name, each in MAPS.items()},
    "frames_keep_even": lambda dim, net: FrameCoupling(dim, net, BoundedAffine, keep_even=True),
    "composition": lambda dim, net: Composition(
        [BatchNorm(dim), LULinear(dim), ChannelCoupling(dim, net, BoundedAffine)]
    ),
}
each_transform = pytest.mark.parametrize("name", [*MAKERS, "half_rate"])
each_size = pytest.mark.parametrize(
    ("frames", "dim", "conditioned"), [(1, 6, True), (3, 5, False), (3, 6, True), (20, 5, True), (20, 2, False)]
)


def build(name: str, dim: int, conditioned: bool, seed: int = 0) -> Transform:
    """A transform in float64 with random parameters, in eval mode."""
    torch.manual_seed(seed)
    if name == "half_rate":
        net = partial(SmallNet, dim_conditioning=8 if conditioned else 0)
        transform: Transform = HalfRate(MAKERS["composition"](dim, net))
    else:
        transform = MAKERS[name](dim, partial(SmallNet, dim_conditioning=4 if conditioned else 0))
    transform.double().eval()
    for each in transform.parameters():
        each.data += 0.2 * torch.randn_like(each)
    for key, values in transform.named_buffers():
        if key.endswith("mean"):
            values.normal_()
        elif key.endswith("variance"):
            values.uniform_(0.5, 2.0)
    return transform


def data(batch: int, frames: int, dim: int, conditioned: bool, seed: int = 1) -> tuple[Tensor, Tensor | None]:
    generator = torch.Generator().manual_seed(seed)
    x = 2 * torch.randn(batch, frames, dim, generator=generator, dtype=torch.float64)
    conditioning = torch.randn(batch, frames, 4, generator=generator, dtype=torch.float64)
    return x, conditioning if conditioned else None


@each_transform
@each_size
def test_the_inverse_undoes_the_transform(name: str, frames: int, dim: int, conditioned: bool) -> None:
    transform = build(name, dim, conditioned)
    x, conditioning = data(4, frames, dim, conditioned)
    z, log_det = transform(x, conditioning)
    assert (z.shape, log_det.shape) == (x.shape, (4,))
    torch.testing.assert_close(transform.inverse(z, conditioning), x, rtol=0, atol=1e-9)
    torch.testing.assert_close(transform(transform.inverse(x, conditioning), conditioning)[0], x, rtol=0, atol=1e-9)


@each_transform
@each_size
@pytest.mark.parametrize("training", [False, True])
def test_log_det_is_that_of_the_jacobian(name: str, frames: int, dim: int, conditioned: bool, training: bool) -> None:
    transform = build(name, dim, conditioned).train(training)
    x, conditioning = data(2, frames, dim, conditioned)
    before = {key: value.clone() for key, value in transform.state_dict().items()}

    def window(row: int, flat: Tensor) -> Tensor:
        transform.load_state_dict(before)
        whole = torch.cat([x[:row], flat.view(1, frames, dim), x[row + 1 :]])
        return transform(whole, conditioning)[0][row].flatten()

    _, log_det = transform(x, conditioning)
    for row in range(2):
        jacobian = torch.autograd.functional.jacobian(partial(window, row), x[row].flatten())
        assert isinstance(jacobian, Tensor)
        torch.testing.assert_close(log_det[row], torch.linalg.slogdet(jacobian).logabsdet, rtol=0, atol=1e-8)


@each_transform
def test_the_inverse_changes_no_statistics_in_training_mode(name: str) -> None:
    transform = build(name, 5, conditioned=True).train()
    before = {key: value.clone() for key, value in transform.state_dict().items()}
    transform.inverse(*data(3, 4, 5, conditioned=True))
    assert all(torch.equal(value, before[key]) for key, value in transform.state_dict().items())


@each_transform
def test_a_window_does_not_depend_on_its_batch(name: str) -> None:
    transform = build(name, 5, conditioned=True).train()
    x, conditioning = data(3, 4, 5, conditioned=True)
    before = {key: value.clone() for key, value in transform.state_dict().items()}
    together = transform(x, conditioning)[0][0]
    transform.load_state_dict(before)
    assert conditioning is not None
    torch.testing.assert_close(together, transform(x[:1], conditioning[:1])[0][0], rtol=0, atol=1e-12)


@each_transform
def test_saved_and_loaded_the_transform_is_the_same(name: str) -> None:
    transform, other = build(name, 6, conditioned=False), build(name, 6, conditioned=False, seed=5)
    other.load_state_dict(transform.state_dict())
    x, _ = data(2, 4, 6, conditioned=False)
    assert torch.equal(transform(x)[0], other(x)[0])


@each_transform
def test_the_inverse_is_that_of_the_weights_as_they_are_now(name: str) -> None:
    """In the reference an inverse stored at the first sampling went stale in training."""
    transform = build(name, 5, conditioned=True)
    x, conditioning = data(2, 4, 5, conditioned=True)
    transform.inverse(x, conditioning)
    for parameter in transform.parameters():
        parameter.data = parameter.data * 1.1 + 0.05
    z, _ = transform(x, conditioning)
    torch.testing.assert_close(transform.inverse(z, conditioning), x, rtol=0, atol=1e-9)


@each_transform
def test_float32_is_exact_to_float32(name: str) -> None:
    transform = build(name, 6, conditioned=True)
    x, conditioning = data(8, 4, 6, conditioned=True)
    assert conditioning is not None
    z, log_det = transform(x, conditioning)
    single_z, single_log_det = transform.float()(x.float(), conditioning.float())
    torch.testing.assert_close(single_z.double(), z, rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(single_log_det.double(), log_det, rtol=1e-5, atol=1e-4)


@each_transform
def test_reduced_precision_of_the_networks_keeps_the_mathematics_exact(name: str) -> None:
    """Under autocast the networks may compute in bfloat16, but the map that they steer is still inverted exactly."""
    transform = build(name, 6, conditioned=True).float()
    x, conditioning = data(4, 4, 6, conditioned=True)
    assert conditioning is not None
    with torch.autocast("cpu", dtype=torch.bfloat16):
        z, log_det = transform(x.float(), conditioning.float())
        back = transform.inverse(z, conditioning.float())
    assert (z.dtype, log_det.dtype) == (torch.float32, torch.float32)
    torch.testing.assert_close(back.double(), x, rtol=0, atol=1e-3)
