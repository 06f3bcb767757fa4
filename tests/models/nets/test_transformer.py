"""Encoders that compute again what they did not keep are the same encoders."""

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
