"""Encoders that compute again what they did not keep, or only the beginning, are the same encoders."""

import pytest
import torch
from torch import Tensor

from models.nets.transformer import TransformerEncoder


def kept_and_gradients(recompute: bool, dropout: float) -> tuple[int, list[Tensor]]:
    """The numbers that a training step keeps for the gradients, and these."""
    torch.manual_seed(0)
    net = TransformerEncoder(3, 4, 10, dim=8, layers=3, heads=2, dropout=dropout, rotary=True, recompute=recompute)
    x = torch.randn(5, 10, 3, generator=torch.Generator().manual_seed(1))
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().size()
        return tensor

    torch.manual_seed(2)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = net(x, 2).square().sum()
    return sum(kept.values()), list(torch.autograd.grad(loss, list(net.parameters())))


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_recomputing_keeps_less_and_changes_no_gradient(dropout: float) -> None:
    kept, gradients = kept_and_gradients(recompute=False, dropout=dropout)
    less, same = kept_and_gradients(recompute=True, dropout=dropout)
    assert less < 0.5 * kept
    torch.testing.assert_close(same, gradients, rtol=0, atol=0)


@pytest.mark.parametrize("options", [{}, {"rotary": True}, {"pair_bias": True}, {"pre_norm": True}])
def test_what_looks_back_only_is_the_same_without_what_follows(options: dict[str, bool]) -> None:
    torch.manual_seed(0)
    net = TransformerEncoder(3, 4, 10, dim=8, layers=2, heads=2, in_order=True, **options).eval()
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    x = torch.randn(5, 10, 3, generator=torch.Generator().manual_seed(1))
    whole = net(x)
    for count in (1, 4, 10):
        torch.testing.assert_close(net(x[:, :count], count), whole[:, :count], rtol=0, atol=1e-5)
    changed = net(torch.cat([x[:, :6], x[:, 6:] + 1], dim=1))
    assert torch.equal(changed[:, :6], whole[:, :6])
    assert not torch.equal(changed[:, 6:], whole[:, 6:])
