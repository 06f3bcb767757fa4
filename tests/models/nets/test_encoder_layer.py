"""An encoder layer gives the same whichever way it is computed."""

import pytest
import torch

from models.nets.transformer import SHORT, EncoderLayer


@pytest.mark.parametrize("pre_norm", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_short_sequences_in_one_call_are_what_they_are_step_by_step(pre_norm: bool, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    layer = EncoderLayer(16, 4, 24, dropout=0.5, pre_norm=pre_norm).to(dtype).eval()
    x = torch.randn(2, SHORT // 2, 16, dtype=dtype)
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    with_gradients = layer(x)
    assert with_gradients.requires_grad
    with torch.no_grad():
        fused, longer = layer(x), layer(torch.cat([x, x]))
    tolerance = 1e-12 if dtype == torch.float64 else 1e-5
    torch.testing.assert_close(fused, with_gradients.detach(), rtol=0, atol=tolerance)
    torch.testing.assert_close(fused, longer[:2], rtol=0, atol=tolerance)
