"""A small conditioning network, smooth enough for tight tests, for couplings under test."""

import torch
from torch import Tensor, nn


class SmallNet(nn.Module):
    """Parameters from the kept part and the mean of the conditioning; each frame also sees the window's mean."""

    def __init__(self, dim_in: int, dim_out: int, dim_conditioning: int = 0):
        super().__init__()
        self.enter = nn.Linear(2 * dim_in + dim_conditioning, 16)
        self.leave = nn.Linear(16, dim_out)
        nn.init.normal_(self.leave.weight, std=0.3)

    def forward(self, x: Tensor, conditioning: Tensor | None = None) -> Tensor:
        """(batch, time, dim_in) -> (batch, time, dim_out)."""
        seen = [x, x.mean(dim=1, keepdim=True).expand_as(x)]
        if conditioning is not None:
            seen.append(conditioning.mean(dim=1, keepdim=True).expand(-1, x.shape[1], -1))
        return self.leave(torch.tanh(self.enter(torch.cat(seen, dim=-1))))
