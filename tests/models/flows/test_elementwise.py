"""Logistic mixtures: nothing saturates, and the inverse is found or an error says so."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from models.flows.elementwise import inverse_mixture_logit, mixture_logit


def mixture(scale: float = 1.0, seed: int = 0, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor]:
    """Log weights, means and log scales of 4 components for 3 channels of (5, 6) frames."""
    generator = torch.Generator().manual_seed(seed)
    shape = (5, 6, 4, 3)
    logits, means, log_scales = (torch.randn(shape, generator=generator, dtype=dtype) for _ in range(3))
    return F.log_softmax(2 * logits, dim=-2), scale * means, log_scales


def test_the_logit_is_that_of_the_distribution_function() -> None:
    log_weights, means, log_scales = mixture()
    x = torch.randn(5, 6, 3, dtype=torch.float64, requires_grad=True)
    u = (log_weights.exp() * torch.sigmoid((x.unsqueeze(-2) - means) / log_scales.exp())).sum(dim=-2)
    value, log_derivative = mixture_logit(x, log_weights, means, log_scales)
    torch.testing.assert_close(value, torch.logit(u))
    (slope,) = torch.autograd.grad(torch.logit(u).sum(), x)
    torch.testing.assert_close(log_derivative, slope.log())


@pytest.mark.parametrize("spread", [0.1, 1.0, 30.0])
@pytest.mark.parametrize("size", [1.0, 30.0])
def test_the_inverse_gives_back_what_the_logit_was_taken_of(spread: float, size: float) -> None:
    parameters = mixture(spread)
    z = size * torch.randn(5, 6, 3, dtype=torch.float64)
    x = inverse_mixture_logit(z, *parameters)
    value, log_derivative = mixture_logit(x, *parameters)
    error = (value - z).abs() * (-log_derivative).exp()
    assert error.max() < 1e-12 * max(1.0, x.abs().max().item())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("z", [-1e4, -18.0, 18.0, 1e4])
def test_base_values_far_out_are_inverted(z: float, dtype: torch.dtype) -> None:
    """In the reference a base value of 18 saturated in float32, and sampling raised."""
    parameters = mixture(dtype=dtype)
    x = inverse_mixture_logit(torch.full((5, 6, 3), z, dtype=dtype), *parameters)
    value, _ = mixture_logit(x, *parameters)
    assert x.isfinite().all()
    torch.testing.assert_close(value, torch.full_like(value, z), rtol=1e-5, atol=0)


def test_a_gap_between_sharp_components_is_crossed() -> None:
    """Newton's method alone leaves the flat stretch between two modes for infinity."""
    log_weights = torch.full((1, 1, 2, 1), 0.5, dtype=torch.float64).log()
    means = torch.tensor([-50.0, 50.0], dtype=torch.float64).view(1, 1, 2, 1)
    log_scales = torch.full((1, 1, 2, 1), -7.0, dtype=torch.float64)
    z = torch.linspace(-3, 3, 40, dtype=torch.float64).view(1, 40, 1)
    x = inverse_mixture_logit(z, log_weights, means, log_scales)
    assert ((x < 0) == (z < 0)).all()
    assert ((x.abs() - 50).abs() < 0.1).all()


def test_numbers_that_are_not_finite_are_reported() -> None:
    z = torch.zeros(5, 6, 3, dtype=torch.float64)
    z[2, 3, 1] = torch.nan
    with pytest.raises(FloatingPointError, match="1 of 90 elements"):
        inverse_mixture_logit(z, *mixture())


def test_gradients_of_the_inverse_are_those_of_the_implicit_function() -> None:
    z = torch.randn(1, 2, 1, dtype=torch.float64, requires_grad=True)
    parameters = [each[:1, :2, :, :1].clone().requires_grad_() for each in mixture()]
    assert torch.autograd.gradcheck(inverse_mixture_logit, (z, *parameters), atol=1e-5)
