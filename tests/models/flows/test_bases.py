"""Base distributions: their densities against others', their samples against their densities."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from models.flows.bases import Base, Normal, StudentT, make_base

BASES = {"normal": Normal(), "t of 3": StudentT(3), "t of 50": StudentT(50)}


@pytest.fixture(params=BASES)
def base(request: pytest.FixtureRequest) -> Base:
    return BASES[request.param]


def test_densities_are_those_of_scipy() -> None:
    z = torch.randn(4, 5, 3, dtype=torch.float64) * 2
    normal = stats.norm.logpdf(z.numpy()).sum(axis=(1, 2))
    torch.testing.assert_close(Normal().log_prob(z), torch.from_numpy(normal))
    student = stats.multivariate_t.logpdf(z.numpy(), np.zeros(3), np.eye(3), df=7.5).sum(axis=1)
    torch.testing.assert_close(StudentT(7.5).log_prob(z), torch.from_numpy(student))


def test_samples_have_the_density(base: Base) -> None:
    """The squared radius of a frame has a known distribution: chi-square, or d F(d, df) for the t."""
    z = base.sample((20_000, 1, 3), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    radius = z.square().sum(dim=-1).flatten().numpy()
    expected = stats.f(3, base.freedom, scale=3) if isinstance(base, StudentT) else stats.chi2(3)
    assert stats.kstest(radius, expected.cdf).pvalue > 0.01
    assert abs(stats.spearmanr(z[:, 0, 0], z[:, 0, 1]).statistic) < 0.02


def test_the_temperature_multiplies_the_sample(base: Base) -> None:
    one, cold, none = (base.sample((2, 3, 4), t, torch.Generator().manual_seed(1)) for t in (1.0, 0.5, 0.0))
    torch.testing.assert_close(cold, 0.5 * one)
    assert not none.any()


def test_with_a_generator_for_each_row_a_row_does_not_depend_on_the_others(base: Base) -> None:
    def generators(*seeds: int) -> list[torch.Generator]:
        return [torch.Generator().manual_seed(seed) for seed in seeds]

    both = base.sample((2, 3, 4), 1.0, generators(5, 6))
    assert torch.equal(both[1:], base.sample((1, 3, 4), 1.0, generators(6)))
    with pytest.raises(ValueError, match="2 generators for a batch of 3"):
        base.sample((3, 3, 4), 1.0, generators(5, 6))


def test_many_degrees_of_freedom_are_nearly_normal() -> None:
    z = torch.randn(6, 2, 3, dtype=torch.float64)
    torch.testing.assert_close(StudentT(1e7).log_prob(z), Normal().log_prob(z), rtol=0, atol=1e-4)


def test_bases_are_made_by_their_names() -> None:
    assert isinstance(make_base("normal"), Normal)
    student = make_base("studentT", 4)
    assert isinstance(student, StudentT)
    assert math.isclose(student.freedom, 4.0)
    with pytest.raises(ValueError, match="--flow_dist cauchy: there is normal and studentT"):
        make_base("cauchy")
    with pytest.raises(ValueError, match="more than 0 degrees of freedom, not 0"):
        make_base("studentT", 0)
