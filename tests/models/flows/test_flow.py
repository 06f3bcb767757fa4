"""Flows learn densities: a known mixture, heavy tails."""

import math
from functools import partial

import pytest
import torch
from torch import Tensor
from torch.distributions import Categorical, Independent, MixtureSameFamily
from torch.distributions import Normal as Gauss
from torch.distributions import StudentT as Student

from models.flows.bases import Normal, StudentT
from models.flows.couplings import ChannelCoupling
from models.flows.elementwise import BoundedAffine, MixtureAffine
from models.flows.flow import Flow
from models.flows.linear import LULinear
from models.flows.norms import ActNorm
from models.flows.transform import Transform
from tests.models.flows.small_nets import SmallNet


def fit(flow: Flow, data: Tensor, conditioning: Tensor | None = None, steps: int = 300, lr: float = 1e-2) -> float:
    """Train on random batches of 512 windows; the negative log density of all in nats."""
    flow.initialise(data, conditioning)
    optimiser = torch.optim.Adam(flow.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, lr, total_steps=steps)
    generator = torch.Generator().manual_seed(3)
    for _ in range(steps):
        rows = torch.randint(len(data), (512,), generator=generator)
        loss = -flow.log_prob(data[rows], None if conditioning is None else conditioning[rows]).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return loss.item()


def mixture_flow(dim_conditioning: int = 0) -> Flow:
    torch.manual_seed(0)
    net = partial(SmallNet, dim_conditioning=dim_conditioning)
    transforms: list[Transform] = []
    for _ in range(4):
        couple = ChannelCoupling(2, net, partial(MixtureAffine, components=4))
        transforms += [ActNorm(2), LULinear(2), couple]
    return Flow(transforms, Normal())


@pytest.fixture(scope="module")
def two_modes() -> MixtureSameFamily:
    """0.3 of one normal and 0.7 of another, far apart."""
    means = torch.tensor([[-2.0, 1.0], [2.0, -1.0]])
    deviations = torch.tensor([[0.4, 0.8], [0.7, 0.3]])
    return MixtureSameFamily(Categorical(torch.tensor([0.3, 0.7])), Independent(Gauss(means, deviations), 1))


def test_a_flow_recovers_the_density_and_both_modes_of_a_mixture(two_modes: MixtureSameFamily) -> None:
    torch.manual_seed(1)
    flow = mixture_flow()
    fit(flow, two_modes.sample((20_000,)).unsqueeze(1))
    with torch.no_grad():
        fresh = two_modes.sample((20_000,))
        divergence = (two_modes.log_prob(fresh) - flow.log_prob(fresh.unsqueeze(1))).mean()
        samples = flow.sample((20_000, 1, 2), generator=torch.Generator().manual_seed(2)).squeeze(1)
    assert divergence < 0.05
    left = samples[:, 0] < 0
    assert abs(left.float().mean().item() - 0.3) < 0.02
    torch.testing.assert_close(samples[left].median(dim=0).values, torch.tensor([-2.0, 1.0]), rtol=0, atol=0.1)
    torch.testing.assert_close(samples[~left].median(dim=0).values, torch.tensor([2.0, -1.0]), rtol=0, atol=0.1)


def test_the_density_of_a_trained_flow_integrates_to_one(two_modes: MixtureSameFamily) -> None:
    torch.manual_seed(1)
    flow = mixture_flow()
    fit(flow, two_modes.sample((4_000,)).unsqueeze(1), steps=40)
    axis = torch.linspace(-10, 10, 501)
    grid = torch.cartesian_prod(axis, axis).unsqueeze(1)
    with torch.no_grad():
        mass = flow.log_prob(grid).exp().sum().item() * (axis[1] - axis[0]).item() ** 2
    assert math.isclose(mass, 1.0, abs_tol=2e-3)


def test_a_conditioned_flow_learns_one_density_for_each_condition() -> None:
    torch.manual_seed(1)
    which = torch.randint(2, (8_000, 1, 1)).float()
    data = torch.randn(8_000, 1, 2) * 0.5 + torch.cat([4 * which - 2, 2 - 4 * which], dim=-1)
    flow = mixture_flow(dim_conditioning=1)
    loss = fit(flow, data, which, steps=150)
    assert loss < 2 * (0.5 * math.log(2 * math.pi * math.e) + math.log(0.5)) + 0.1
    with torch.no_grad():
        samples = flow.sample((1000, 1, 2), torch.ones(1000, 1, 1), generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(samples.mean(dim=(0, 1)), torch.tensor([2.0, -2.0]), rtol=0, atol=0.1)


def test_a_students_t_base_beats_a_normal_one_on_heavy_tails() -> None:
    torch.manual_seed(1)
    data = Student(2.0).sample((8_000, 1, 1)).expand(-1, 1, 2) + 0.3 * torch.randn(8_000, 1, 2)
    held_out = Student(2.0).sample((8_000, 1, 1)).expand(-1, 1, 2) + 0.3 * torch.randn(8_000, 1, 2)
    losses = {}
    for name, base in (("normal", Normal()), ("studentT", StudentT(2.0))):
        torch.manual_seed(0)
        flow = Flow([ActNorm(2), LULinear(2), ChannelCoupling(2, SmallNet, BoundedAffine), ActNorm(2)], base)
        fit(flow, data, steps=200)
        with torch.no_grad():
            losses[name] = -flow.log_prob(held_out).mean().item()
    assert losses["studentT"] < losses["normal"] - 0.25


def test_samples_are_drawn_where_the_density_says(two_modes: MixtureSameFamily) -> None:
    """The mean log density of samples is that of the inverse map: base density minus log-determinant."""
    torch.manual_seed(1)
    flow = mixture_flow().double()
    z = flow.base.sample((50, 1, 2), generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    x = flow.sample((50, 1, 2), generator=torch.Generator().manual_seed(4))
    back, log_det = flow(x)
    torch.testing.assert_close(back, z, rtol=0, atol=1e-7)
    torch.testing.assert_close(flow.log_prob(x), flow.base.log_prob(z) + log_det, rtol=0, atol=1e-6)
