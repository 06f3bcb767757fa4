"""The optimiser MADGRAD."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn


class Madgrad(torch.optim.Optimizer):
    """Dual averaging with the cube root of the summed squares (Defazio and Jelassi, arXiv 2101.11075, algorithm 1).

    s and v sum up the gradients and their squares, each times the learning rate and the root of the step's number; the
    iterate is z = x_0 - s / (v^(1/3) + epsilon), and x moves towards it by 1 - momentum.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        lr: float,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        epsilon: float = 1e-6,
    ):
        defaults = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "epsilon": epsilon}
        super().__init__(parameters, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Make one step; the closure, if any, calculates the gradients first."""
        with torch.enable_grad():
            loss = closure() if closure else None
        for group in self.param_groups:
            for x in group["params"]:
                if x.grad is not None:
                    self._move(x, group)
        return loss

    def _move(self, x: nn.Parameter, group: dict[str, Any]) -> None:
        state = self.state[x]
        if not state:
            state |= {"step": 0, "start": x.clone(), "s": torch.zeros_like(x), "v": torch.zeros_like(x)}
        gradient = x.grad + group["weight_decay"] * x if group["weight_decay"] else x.grad
        assert gradient is not None, "only parameters with a gradient are moved"
        state["step"] += 1
        rate = group["lr"] * state["step"] ** 0.5
        state["s"].add_(gradient, alpha=rate)
        state["v"].addcmul_(gradient, gradient, value=rate)
        z = state["start"] - state["s"] / (state["v"].pow(1 / 3) + group["epsilon"])
        x.lerp_(z, 1 - group["momentum"])
