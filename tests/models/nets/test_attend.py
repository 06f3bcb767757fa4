"""Attention in bfloat16 on the processor is attention, and so are its gradients."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from models.nets import attend as kernel
from models.nets.attend import attend


def made(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape))).bfloat16()


def results(function: object, *given: Tensor, **options: object) -> list[Tensor]:
    """Of attention: what is gathered, and the gradients with respect to queries, keys and values."""
    given = tuple(each.clone().requires_grad_() for each in given)
    gathered = function(*given, **options)  # type: ignore[operator]
    weights = torch.linspace(-1, 1, gathered.numel()).view(gathered.shape)
    return [gathered, *torch.autograd.grad((gathered * weights).sum(), given)]


def assert_as_close_as_bfloat16(found: list[Tensor], exact: list[Tensor]) -> None:
    for one, other in zip(found, exact, strict=True):
        assert (one.float() - other).norm() < 0.01 * other.norm()


@pytest.mark.parametrize(("queries", "times", "dim"), [(5, 5, 8), (3, 12, 6), (130, 130, 16)])
def test_bfloat16_gives_what_float32_gives_but_for_rounding(
    queries: int, times: int, dim: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel, "CACHED_SCORES", 40_000)  # so that the heads are more than one piece
    given = made(2, 4, queries, dim), made(2, 4, times, dim), made(2, 4, times, dim + 1)[..., :dim]
    exact = results(F.scaled_dot_product_attention, *(each.float() for each in given))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = results(attend, *given)
    assert found[0].dtype == torch.bfloat16
    assert_as_close_as_bfloat16(found, exact)


def test_a_bias_is_added_to_the_scores_in_bfloat16_too() -> None:
    given = made(2, 4, 6, 8), made(2, 4, 6, 8), made(2, 4, 6, 8)
    bias = torch.full((6, 6), -torch.inf).triu(1)
    exact = results(F.scaled_dot_product_attention, *(each.float() for each in given), attn_mask=bias)
    assert_as_close_as_bfloat16(results(attend, *given, bias=bias.bfloat16()), exact)
