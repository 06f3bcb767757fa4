"""Rotary positions turn pairs of channels by angles of time, exactly, and so do their gradients."""

import torch

from models.nets.positions import Rotary

TIMES = torch.tensor([0.0, 3.0, 3.0, 11.0, 250.0])
CHANNELS = 6


def as_complex(x: torch.Tensor) -> torch.Tensor:
    """The pairs of channels that are turned together."""
    return torch.complex(*x.double().chunk(2, dim=-1))


def some(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_pairs_of_channels_are_multiplied_by_unit_numbers_whose_angles_grow_with_time() -> None:
    x = some(2, 3, len(TIMES), CHANNELS)
    frequencies = 10_000.0 ** (-torch.arange(0, CHANNELS, 2, dtype=torch.float64) / CHANNELS)
    wanted = as_complex(x) * torch.exp(1j * TIMES[:, None].double() * frequencies)
    torch.testing.assert_close(as_complex(Rotary(TIMES, CHANNELS)(x)), wanted, rtol=0, atol=1e-6)


def test_gradients_are_those_of_the_rotation_and_so_are_theirs() -> None:
    rotary, x = Rotary(TIMES, CHANNELS).double(), some(2, 1, 4, CHANNELS).double().requires_grad_()
    assert torch.autograd.gradcheck(rotary, x)
    assert torch.autograd.gradgradcheck(rotary, x)


def test_half_precision_is_rounded_once_at_the_end() -> None:
    rotary, x = Rotary(TIMES, CHANNELS), some(2, 3, len(TIMES), CHANNELS).bfloat16()
    turned = rotary(x)
    assert turned.dtype == torch.bfloat16
    assert torch.equal(turned, rotary(x.float()).bfloat16())


def test_scores_depend_on_differences_of_times_alone() -> None:
    x = some(1, 1, len(TIMES), CHANNELS)
    early, late = (Rotary(TIMES + shift, CHANNELS)(x) for shift in (0, 100))
    torch.testing.assert_close(early @ early.mT, late @ late.mT, rtol=0, atol=1e-5)
