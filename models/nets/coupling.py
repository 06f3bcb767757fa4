"""The network of a conditional coupling: parameters from the half that stays and from the conditioning."""

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn

from models.nets.lone_frame import LoneFrame, is_plain
from models.nets.transformer import TransformerEncoder


class CouplingNet(nn.Module):
    """Joins the half that stays with the conditioning and lets a network over time read both.

    Joined along channels, the conditioning has a frame for each frame of x. Joined along time, x is first brought to
    the conditioning's width, and the outputs of its own frames are kept. ``make_body`` makes the network from its input
    width; it is called as ``body(joined, frames)``: (batch, joined time, width) -> (batch, frames, dim_out).
    """

    def __init__(
        self, dim_in: int, conditioning_dim: int, make_body: Callable[[int], nn.Module], *, along_time: bool = False
    ):
        super().__init__()
        self.dim_in = dim_in
        self.enter = nn.Linear(dim_in, conditioning_dim) if along_time else None
        self.body = make_body(conditioning_dim if along_time else dim_in + conditioning_dim)

    def forward(self, x: Tensor, conditioning: Tensor) -> Tensor:
        """x (batch, time, dim_in), conditioning (batch, its time, conditioning_dim) -> (batch, time, dim_out)."""
        if self.enter is None:
            return self.body(torch.cat([x, conditioning], dim=-1), x.shape[1])
        return self.body(torch.cat([self.enter(x), conditioning], dim=1), x.shape[1])

    def alone(self) -> LoneFrame | None:
        """The same for windows of a single frame, as the weights are now; None if that is no simpler."""
        if self.enter is not None or not is_plain(self.body):
            return None
        return LoneFrame(cast("TransformerEncoder", self.body), self.dim_in)
