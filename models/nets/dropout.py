"""Dropout, with masks that cost a processor little to draw."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LEVELS = 2**16
"""How many numbers there are to draw for an element; torch draws doubles, which takes seven times as long."""


class Dropout(nn.Dropout):
    """Sets elements to zero with probability p while it trains and scales the others by 1 / (1 - p) (Srivastava 2014).

    On processors p is rounded down to a multiple of 1 / `LEVELS`.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Any shape -> the same."""
        if not self.training or not draws_bits(x, self.p):
            return F.dropout(x, self.p, self.training)
        limit, scale = threshold(self.p)
        return x * torch.ge(random_bits(x.shape), limit, out=torch.empty_like(x)).mul_(scale)


def draws_bits(x: Tensor, p: float) -> bool:
    """Whether x is somewhere where `random_bits` are worth drawing, and p a probability that there is a choice with."""
    return 0 < p < 1 and x.device.type == "cpu" and not torch.compiler.is_compiling()


def threshold(p: float) -> tuple[int, float]:
    """From which of the `random_bits` on elements are kept, and by what they are scaled.

    >>> threshold(0.25)
    (-16384, 1.3333333333333333)
    """
    dropped = math.floor(p * LEVELS)
    return dropped - LEVELS // 2, LEVELS / (LEVELS - dropped)


def random_bits(shape: torch.Size) -> Tensor:
    """Equally likely integers from -`LEVELS` / 2 to `LEVELS` / 2 - 1, of torch's generator: int16."""
    count = shape.numel()
    drawn = torch.empty(-(-count // 4), dtype=torch.int64).random_(torch.iinfo(torch.int64).min, None)
    return drawn.view(torch.int16)[:count].view(shape)
