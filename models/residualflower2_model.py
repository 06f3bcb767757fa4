"""ResidualFlower 2: any model predicts the mean, any other what deviates from it."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from models import create_model
from models.base_model import BaseModel
from models.likelihood import MEAN_WEIGHT
from models.roll import Step, named
from models.sub_options import options_below
from models.windows import Window

Sample = Callable[..., tuple[dict[str, Tensor], Any]]
"""A model's `sample` or `sample_step`, given inputs and a state."""


class Residualflower2Model(BaseModel):
    """The sum of ``--mean_model`` and ``--residual_model``; their options have the prefixes mean_ and residual_.

    The loss is 100 times the mean's squared error plus the residual model's loss on target - mean, whose gradients
    reach the mean too. A mean model that can only be sampled is trained by its own loss instead, and its sample at
    temperature 0 is the mean.
    """

    sub_models = {"mean_": "mean_model", "residual_": "residual_model"}  # noqa: RUF012

    def __init__(self, opt: argparse.Namespace, inputs: Sequence[Window], outputs: Sequence[Window]):
        super().__init__(opt, inputs, outputs)
        self.mean_model = create_model(options_below(opt, "mean_"), inputs, outputs)
        self.residual_model = create_model(options_below(opt, "residual_"), inputs, outputs)

    @staticmethod
    def modify_commandline_options(parser: Any) -> None:
        """Which two models."""
        parser.add_argument("--mean_model", default="transformer", help="the model that predicts the mean")
        parser.add_argument("--residual_model", default="transflower", help="the model of what deviates from it")

    def losses(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The weighted squared error of the mean plus the loss of the residual model, and the parts of both."""
        inputs = {window.modality: batch[f"in_{window.modality}"] for window in self.inputs}
        if self.mean_model.predicts:
            means = self.mean_model(inputs)
            parts = {f"mse_{name}": F.mse_loss(mean, batch[f"out_{name}"]) for name, mean in means.items()}
            mean_loss = MEAN_WEIGHT * torch.stack(list(parts.values())).sum()
        else:
            means, _ = self.mean_model.sample(inputs, temperature=0.0)
            mean_loss = self.mean_model.losses(batch)["loss"]
            parts = {"mean": mean_loss}
        rest = {f"out_{name}": batch[f"out_{name}"] - mean for name, mean in means.items()}
        residual = self.residual_model.losses({**batch, **rest})
        return {**parts, **residual, "loss": mean_loss + residual["loss"]}

    @torch.no_grad()
    def sample(
        self,
        inputs: Mapping[str, Tensor],
        *,
        temperature: float = 1.0,
        generator: torch.Generator | Sequence[torch.Generator] | None = None,
        state: Any = None,
    ) -> tuple[dict[str, Tensor], Any]:
        """The mean plus a sample of the residual model.

        A model that goes step by step takes all steps of the windows in the first call, and one in each that follows;
        then the last frame is new, and those before it are those that it gave.
        """
        (mean, rest), (mean_state, rest_state) = (self.mean_model, self.residual_model), state or (None, None)
        draw = partial(rest.sample, temperature=temperature, generator=generator)
        means, mean_state = _whole(mean, partial(mean.sample, temperature=0.0), inputs, 1, mean_state)
        rests, rest_state = _whole(rest, draw, inputs, 1, rest_state)
        return {name: means[name] + rests[name] for name in means}, (mean_state, rest_state)

    @torch.no_grad()
    def sample_step(
        self,
        inputs: Mapping[str, Tensor],
        step: Step,
        *,
        temperature: float = 1.0,
        generator: torch.Generator | Sequence[torch.Generator] | None = None,
        state: Any = None,
    ) -> tuple[dict[str, Tensor], Any]:
        """`sample` by what both models spare in a roll, a step by step one as many steps further as windows moved."""
        (mean, rest), (mean_state, rest_state) = (self.mean_model, self.residual_model), state or (None, None)
        predict = partial(mean.sample_step, step=step.of("mean"), temperature=0.0)
        draw = partial(rest.sample_step, step=step.of("residual"), temperature=temperature, generator=generator)
        means, mean_state = _whole(mean, predict, inputs, step.moved, mean_state)
        rests, rest_state = _whole(rest, draw, inputs, step.moved, rest_state)
        samples = {}
        for window in self.outputs:
            count = step.wanted(window.offset, window.length)
            samples[window.modality] = means[window.modality][:, :count] + rests[window.modality][:, :count]
        return samples, (mean_state, rest_state)

    @torch.no_grad()
    def foresee(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What the two foresee, of those that read whole windows."""
        parts = {"mean": self.mean_model, "residual": self.residual_model}
        return {
            key: x
            for name, model in parts.items()
            if model.inputs == self.inputs
            for key, x in named(name, model.foresee(inputs)).items()
        }


def _whole(
    model: BaseModel, sample: Sample, inputs: Mapping[str, Tensor], moved: int, state: Any
) -> tuple[dict[str, Tensor], Any]:
    """What a model's ``sample`` gives from the first frame of its windows on, and what the next call goes on from.

    A model that goes step by step is asked for the frames that are new since the windows have ``moved``, and keeps
    those that it gave: the windows share the others.
    """
    if not model.goes_by_steps:
        return sample(inputs, state=state)
    if state is None:
        given, after = sample(inputs, state=None)
        return given, (given, after)
    before, networks = state
    steps = {window.modality: inputs[window.modality][:, 1 - window.length - moved :] for window in model.inputs}
    fresh, after = sample(steps, state=networks)
    given = {name: torch.cat([before[name], x], dim=1)[:, x.shape[1] :] for name, x in fresh.items()}
    return given, (given, after)
