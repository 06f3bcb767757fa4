"""The optimiser Nero."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from models.flows.linear import InvertibleMatrix

ZERO_SCALE = 0.01
"""The size that is assumed of parameters which begin at zero (the paper's choice for biases)."""


class Nero(torch.optim.Optimizer):
    """A relative step for each neuron, whose weights have zero mean and unit norm (Liu et al., arXiv 2102.07227).

    A neuron is a row of a weight, or an entry of a vector. Its gradient is divided by the root of a running mean of its
    squared norms and multiplied by the learning rate and the mean norm that the parameter's neurons began with; then
    the rows are projected back to zero mean and unit norm. The first step projects them before it measures their norms.
    An `InvertibleMatrix` is not projected.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float, beta: float = 0.999, weight_decay: float = 0.0):
        super().__init__(parameters, {"lr": lr, "beta": beta, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Make one step; the closure, if any, calculates the gradients first."""
        with torch.enable_grad():
            loss = closure() if closure else None
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._move(parameter, group)
        return loss

    def _move(self, parameter: nn.Parameter, group: dict[str, Any]) -> None:
        assert parameter.grad is not None, "only parameters with a gradient are moved"
        state = self.state[parameter]
        if not state:
            _project(parameter)  # not before: the weights of a resumed run would change in their last digit
            scale = _norms(parameter).mean().item()
            state |= {"step": 0, "scale": scale or ZERO_SCALE, "squares": torch.zeros_like(_norms(parameter))}
        gradient = parameter.grad + group["weight_decay"] * parameter if group["weight_decay"] else parameter.grad
        state["step"] += 1
        state["squares"].lerp_(_norms(gradient).square(), 1 - group["beta"])
        usual = (state["squares"] / (1 - group["beta"] ** state["step"])).sqrt()
        relative = torch.where(usual > 0, gradient / usual, 0.0)
        parameter.sub_(relative, alpha=group["lr"] * state["scale"])
        _project(parameter)


def _norms(values: Tensor) -> Tensor:
    """The norm of each neuron, of a shape that broadcasts with the parameter."""
    if values.dim() < 2:
        return values.abs()
    return values.flatten(1).norm(dim=1).reshape(-1, *[1] * (values.dim() - 1))


def _project(parameter: nn.Parameter) -> None:
    if parameter.dim() > 1 and parameter[0].numel() > 1 and not isinstance(parameter, InvertibleMatrix):
        rows = parameter.flatten(1)
        centred = rows - rows.mean(dim=1, keepdim=True)
        norms = centred.norm(dim=1, keepdim=True)
        parameter.copy_((centred / torch.where(norms > 0, norms, 1.0)).reshape_as(parameter))
