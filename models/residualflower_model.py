"""ResidualFlower: a deterministic transformer predicts the mean, a flow what deviates from it."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from models.base_model import BaseModel
from models.encoder_options import add_encoder_options
from models.encoding import foresee, make_encoders
from models.flow_options import (
    add_flow_options,
    add_transformer_coupling_options,
    couples_in_order,
    gated_convolutions,
    make_heads,
    transformers,
)
from models.likelihood import MEAN_WEIGHT, bits_per_frame
from models.nets.flow_head import FlowHead
from models.roll import Step, named
from models.transformer_model import TransformerModel
from models.window_flows import sample_windows
from models.windows import Window


class ResidualflowerModel(BaseModel):
    """A multimodal transformer for the mean and, with encoders of its own, a Flow++-style flow for the residual.

    The loss is 100 times the mean's squared error plus the bits per frame of target - mean. The mean is a constant to
    the flow: it is trained by its squared error alone.
    """

    def __init__(self, opt: argparse.Namespace, inputs: Sequence[Window], outputs: Sequence[Window]):
        super().__init__(opt, inputs, outputs)
        self.mean_model = TransformerModel(opt, inputs, outputs)
        self.encoders = make_encoders(opt, inputs)
        bodies = transformers(opt) if opt.use_transformer_nn else gated_convolutions(opt)
        self.heads = make_heads(opt, outputs, self.encoders, bodies, in_order=couples_in_order(opt))

    @staticmethod
    def modify_commandline_options(parser: Any) -> None:
        """Sizes of both transformers and of the flow, kinds of positions and of couplings."""
        add_encoder_options(parser)
        add_flow_options(parser, dhid_flow=512, cond_concat_dims=False)
        add_transformer_coupling_options(parser)

    def losses(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The weighted squared error of the mean plus bits per frame of the residual, summed over the outputs."""
        inputs = {window.modality: batch[f"in_{window.modality}"] for window in self.inputs}
        means = self.mean_model(inputs)
        latent = self.encoders(inputs)
        parts: dict[str, Tensor] = {}
        losses = []
        for window, head in self._heads():
            target, mean = batch[f"out_{window.modality}"], means[window.modality]
            mse = F.mse_loss(mean, target)
            bits = bits_per_frame(head.log_prob(target - mean.detach(), latent)[0], window.length)
            parts |= {f"nll_{window.modality}": bits, f"mse_{window.modality}": mse}
            losses.append(MEAN_WEIGHT * mse + bits)
        return {"loss": torch.stack(losses).sum(), **parts}

    @torch.no_grad()
    def sample(
        self,
        inputs: Mapping[str, Tensor],
        *,
        temperature: float = 1.0,
        generator: torch.Generator | Sequence[torch.Generator] | None = None,
        state: Any = None,
    ) -> tuple[dict[str, Tensor], Any]:
        """The mean plus a sample of the flow; ``temperature`` multiplies the flow's base sample."""
        means = self.mean_model(inputs)
        latent = self.encoders(inputs)
        return {
            window.modality: means[window.modality] + head.sample(latent, temperature, generator)
            for window, head in self._heads()
        }, None

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
        """`sample` by what mean and flow spare in a roll."""
        mean_state, flow_state = state or (None, None)
        means, mean_state = self.mean_model.sample_step(inputs, step.of("mean"), state=mean_state)
        rests, flow_state = sample_windows(
            self.encoders, self.heads, inputs, step.of("flow"), flow_state, temperature, generator
        )
        samples = {name: mean + rests[name][:, : mean.shape[1]] for name, mean in means.items()}
        return samples, (mean_state, flow_state)

    @torch.no_grad()
    def foresee(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The encodings of what is not fed back, by the encoders of both."""
        mean = self.mean_model.foresee(inputs)
        return named("mean", mean) | named("flow", foresee(self.encoders, inputs, self.feedback))

    def _heads(self) -> list[tuple[Window, FlowHead]]:
        return [(window, cast("FlowHead", self.heads[window.modality])) for window in self.outputs]
