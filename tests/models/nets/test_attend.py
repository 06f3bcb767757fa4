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


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_dropout_drops_weights_and_the_gradients_are_those_of_the_rest(
    dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel, "CACHED_SCORES", 200)
    given = tuple(made(2, 3, length, 8).to(dtype) for length in (6, 9, 9))
    bias = torch.randn(6, 9, dtype=dtype, generator=torch.Generator().manual_seed(1)).requires_grad_()
    bits = torch.randint(-(2**15), 2**15, (2, 3, 6, 9), dtype=torch.int16, generator=torch.Generator().manual_seed(2))
    monkeypatch.setattr(kernel, "random_bits", lambda shape: bits.view(shape))
    kept = (bits >= -(2**14)).double() / 0.75

    def explained(q: Tensor, k: Tensor, v: Tensor, *, bias: Tensor) -> Tensor:
        return ((q @ k.mT / 8**0.5 + bias).softmax(-1) * kept) @ v

    exact = results(explained, *(each.double() for each in given), bias=bias.double())
    found = results(attend, *given, bias=bias, dropout=0.25)
    if dtype == torch.bfloat16:
        assert_as_close_as_bfloat16(found, exact)
    else:
        torch.testing.assert_close(found, exact)


def test_a_bias_learns_under_dropout() -> None:
    given = tuple(made(2, 3, 5, 8).double() for _ in range(3))
    bias = torch.zeros(5, 5, dtype=torch.float64, requires_grad=True)

    def with_bias(bias: Tensor) -> Tensor:
        torch.manual_seed(0)  # the same weights are dropped
        return attend(*given, bias=bias, dropout=0.25)

    assert torch.autograd.gradcheck(with_bias, (bias,))
