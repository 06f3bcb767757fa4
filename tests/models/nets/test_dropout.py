"""Dropout keeps as many elements as it says, whatever their number, and neither more nor less of their sum."""

import pytest
import torch

from models.nets.dropout import LEVELS, Dropout

COUNT = 400_003
"""Not a multiple of the elements that are drawn at a time."""


@pytest.mark.parametrize("p", [0.05, 0.2, 0.9])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_elements_are_zero_with_probability_p_and_scaled_otherwise(p: float, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    found = Dropout(p)(torch.ones(COUNT, dtype=dtype))
    assert found.dtype == dtype
    kept = found[found != 0].double()
    rounding = {torch.bfloat16: 2**-8, torch.float32: 2**-24, torch.float64: 0}[dtype]
    torch.testing.assert_close(kept, torch.full_like(kept, 1 / (1 - p)), rtol=rounding + 2 / LEVELS / (1 - p), atol=0)
    assert abs(len(kept) / COUNT - (1 - p)) < 5 * (p * (1 - p) / COUNT) ** 0.5


def test_neighbours_are_dropped_independently() -> None:
    torch.manual_seed(0)
    kept = (Dropout(0.3)(torch.ones(8, 50_000)) != 0).float()
    assert (torch.corrcoef(kept) - torch.eye(8)).abs().max() < 0.02
    flat = kept.flatten()
    for distance in range(1, 9):  # four elements come of the same draw
        assert abs(torch.corrcoef(torch.stack([flat[:-distance], flat[distance:]]))[0, 1]) < 0.01


def test_the_gradient_is_that_of_what_was_kept_and_the_seed_says_what_that_is() -> None:
    x = torch.linspace(-1, 1, 35).reshape(5, 7).T.requires_grad_()
    torch.manual_seed(3)
    once = Dropout(0.5)(x)
    torch.manual_seed(3)
    again = Dropout(0.5)(x)
    once.sum().backward()
    assert torch.equal(once, again)
    torch.testing.assert_close(x.grad, (once != 0) * 2.0)


@pytest.mark.parametrize(("p", "training", "expected"), [(0.4, False, 1.0), (0.0, True, 1.0), (1.0, True, 0.0)])
def test_nothing_is_drawn_where_there_is_no_choice(p: float, training: bool, expected: float) -> None:
    before = torch.get_rng_state()
    assert torch.equal(Dropout(p).train(training)(torch.ones(9)), torch.full((9,), expected))
    assert torch.equal(torch.get_rng_state(), before) or p == 1
