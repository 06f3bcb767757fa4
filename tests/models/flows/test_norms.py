"""Norm layers: what they learn from data, and when."""

import pytest
import torch

from models.flows.bases import Normal
from models.flows.flow import Flow
from models.flows.linear import LULinear
from models.flows.norms import ActNorm, BatchNorm


def data(seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 3 * torch.randn(64, 5, 4, generator=generator, dtype=torch.float64) + torch.arange(4)


@pytest.mark.parametrize("kind", [ActNorm, BatchNorm])
def test_the_first_batch_is_normalised(kind: type) -> None:
    norm = kind(4).double()
    norm.initialise(data())
    z, _ = norm(data())
    torch.testing.assert_close(z.mean(dim=(0, 1)), torch.zeros(4).double(), rtol=0, atol=1e-9)
    torch.testing.assert_close(z.std(dim=(0, 1), unbiased=False), torch.ones(4).double(), rtol=0, atol=2e-5)


@pytest.mark.parametrize("kind", [ActNorm, BatchNorm])
def test_before_initialisation_a_norm_is_the_identity(kind: type) -> None:
    """In the reference an uninitialised actnorm has scale 0, and its log-determinant is minus infinity."""
    z, log_det = kind(4, 1.0, 0.0).double().eval()(data()) if kind is BatchNorm else kind(4).double()(data())
    torch.testing.assert_close(z, data())
    torch.testing.assert_close(log_det, torch.zeros(64).double())


@pytest.mark.parametrize("kind", [ActNorm, BatchNorm])
def test_initialisation_happens_once_and_is_saved(kind: type) -> None:
    norm, other = kind(4).double(), kind(4).double()
    norm.initialise(data())
    other.load_state_dict(norm.state_dict())
    other.initialise(data(1) * 7)
    assert all(torch.equal(value, other.state_dict()[key]) for key, value in norm.state_dict().items())


@pytest.mark.parametrize("kind", [ActNorm, BatchNorm])
def test_a_channel_that_does_not_vary_stays_finite(kind: type) -> None:
    norm, constant = kind(4).double().train(), data()
    constant[..., 2] = 1.5
    norm.initialise(constant)
    for _ in range(100):
        z, log_det = norm(constant)
    assert z.isfinite().all()
    assert log_det.abs().max() < 100


def test_batch_norm_normalises_by_the_batches_before_and_learns_from_this_one() -> None:
    """In the reference the batch moved the statistics first, which its log-determinant did not know."""
    norm = BatchNorm(4, momentum=0.25).double().train()
    norm.initialise(data())
    z, _ = norm(data(1) + 10)
    expected = (data(1) + 10 - data().mean(dim=(0, 1))) / (data().var(dim=(0, 1), unbiased=False).sqrt() + 1e-5)
    torch.testing.assert_close(z, expected)
    mean = 0.75 * data().mean(dim=(0, 1)) + 0.25 * (data(1) + 10).mean(dim=(0, 1))
    variance = 0.75 * data().var(dim=(0, 1), unbiased=False) + 0.25 * data(1).var(dim=(0, 1), unbiased=False)
    torch.testing.assert_close(norm.mean, mean)
    torch.testing.assert_close(norm.variance, variance)


def test_batch_norm_leaves_its_statistics_alone_in_eval_mode() -> None:
    norm = BatchNorm(4).double()
    norm.initialise(data())
    before = norm.mean.clone()
    norm.eval()(data(1) + 10)
    assert torch.equal(norm.mean, before)


def test_the_scale_of_batch_norm_stays_positive() -> None:
    """Its logarithm is what is trained; in the reference a scale could cross zero, and the loss became nan."""
    norm = BatchNorm(1).double()
    optimiser = torch.optim.SGD(norm.parameters(), lr=1.0)
    for _ in range(20):
        z, log_det = norm(data()[..., :1])
        (z.square().mean() - 0.01 * log_det.mean()).backward()
        optimiser.step()
        optimiser.zero_grad()
    z, log_det = norm.eval()(data()[..., :1])
    assert log_det.isfinite().all()
    torch.testing.assert_close(norm.inverse(z), data()[..., :1])


@pytest.mark.parametrize("kind", [ActNorm, BatchNorm])
def test_processes_that_share_a_batch_initialise_alike(kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of two processes has half of the batch; both get the statistics of the whole."""
    whole = kind(4).double()
    whole.initialise(data())
    halves = data()[:32], data()[32:]
    mean = data().mean(dim=(0, 1))
    sums = iter([sum(x.mean(dim=(0, 1)) for x in halves), sum((x - mean).square().mean(dim=(0, 1)) for x in halves)])
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 2)
    monkeypatch.setattr(torch.distributed, "all_reduce", lambda values: values.copy_(next(sums)))
    one = kind(4).double()
    one.initialise(halves[0])
    for key, value in whole.state_dict().items():
        torch.testing.assert_close(one.state_dict()[key], value)


def test_a_flow_initialises_each_norm_on_what_the_ones_before_make_of_the_data() -> None:
    flow = Flow([ActNorm(4), LULinear(4), BatchNorm(4), ActNorm(4, scale=0.5)], Normal()).double().eval()
    assert not flow.initialised
    flow.initialise(data())
    assert flow.initialised
    z, _ = flow(data())
    torch.testing.assert_close(z.std(dim=(0, 1), unbiased=False), torch.full((4,), 0.5).double(), rtol=0, atol=1e-4)


def test_a_flow_without_norms_needs_no_initialisation() -> None:
    assert Flow([LULinear(4)], Normal()).initialised
