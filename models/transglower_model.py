"""Transglower: the multimodal transformer conditions MoGlow's recurrent flow over the next frame."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.base_model import BaseModel
from models.encoder_options import add_encoder_options, input_settings, joint_settings
from models.flows.flow import Flow
from models.glow_options import add_glow_options, make_glow
from models.likelihood import MEAN_WEIGHT, bits_per_frame
from models.nets.multimodal import InputEncoders
from models.nets.per_modality import PerModality
from models.nets.transformer import TransformerEncoder
from models.roll import Step
from models.steps import spanned_steps, step_windows, unfold
from models.windows import Window


class TransglowerModel(BaseModel):
    """At each step a transformer over the last frames of all inputs gives the vector that conditions a recurrent flow.

    It trains on windows that span many steps and generates step by step, see `MoglowModel`. With ``residual`` a second
    position of the transformer gives a mean, and the flow is the distribution of what deviates from it.
    """

    goes_by_steps: ClassVar[bool] = True

    def __init__(self, opt: argparse.Namespace, inputs: Sequence[Window], outputs: Sequence[Window]):
        super().__init__(opt, *step_windows(inputs, outputs, opt.input_seq_lens, opt.output_seq_lens))
        if opt.causal:
            raise ValueError("--causal: transglower's transformer reads each step's windows anew; try transflower")
        self.encoders = InputEncoders(self.inputs, **input_settings(opt))
        if opt.residual and self.encoders.slots < 2:
            raise ValueError("--residual reads a second position of the inputs, but --input_lengths gives only one")
        names = [window.modality for window in self.outputs]
        self.heads = PerModality(
            {
                name: TransformerEncoder(
                    opt.dhid, opt.dhid, self.encoders.slots, times=self.encoders.times, **joint_settings(opt)
                )
                for name in names
            }
        )
        self.means = PerModality(
            {window.modality: nn.Linear(opt.dhid, window.dim) for window in self.outputs if opt.residual}
        )
        self.flows = PerModality(
            {window.modality: make_glow(opt, window.dim, conditioning_dim=opt.dhid) for window in self.outputs}
        )

    @staticmethod
    def modify_commandline_options(parser: Any) -> None:
        """Sizes and positions of the transformers, the kind of flow."""
        add_encoder_options(parser)
        add_glow_options(parser)
        parser.add_argument(
            "--residual",
            action=argparse.BooleanOptionalAction,
            default=False,
            help="predict a mean and let the flow model what deviates from it",
        )

    def condition(
        self, inputs: Mapping[str, Tensor], known: Mapping[str, Tensor] | None = None
    ) -> Iterator[tuple[str, Flow, Tensor, Tensor | None]]:
        """For each output: name, flow, conditioning (batch, steps, dhid), and mean (batch, steps, dim), if any.

        The encodings of inputs that span a single step may be ``known``.
        """
        steps = spanned_steps(self.inputs, inputs)
        windows = {each.modality: unfold(inputs[each.modality], each, steps).flatten(0, 1) for each in self.inputs}
        latent = self.encoders(windows, known)
        for name, head in self.heads.items():
            tokens = head(latent, 1 + (name in self.means)).unflatten(0, (-1, steps))
            mean = self.means[name](tokens[:, :, 1]) if name in self.means else None
            yield name, cast("Flow", self.flows[name]), tokens[:, :, 0], mean

    def losses(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Bits per frame, and with ``residual`` 100 times the mean squared error of the mean; summed over outputs."""
        parts = {}
        inputs = {window.modality: batch[f"in_{window.modality}"] for window in self.inputs}
        for name, flow, conditioning, mean in self.condition(inputs):
            x = batch[f"out_{name}"]
            if mean is not None:
                parts[f"mse_{name}"] = MEAN_WEIGHT * F.mse_loss(mean, x)
                x = x - mean
            if self.training and not flow.initialised:
                flow.initialise(x, conditioning)
            parts[f"nll_{name}"] = bits_per_frame(flow.log_prob(x, conditioning), x.shape[1])
        return {"loss": torch.stack(list(parts.values())).sum(), **parts}

    @torch.no_grad()
    def sample(
        self,
        inputs: Mapping[str, Tensor],
        *,
        temperature: float = 1.0,
        generator: torch.Generator | Sequence[torch.Generator] | None = None,
        state: Any = None,
    ) -> tuple[dict[str, Tensor], Any]:
        """The frame after the inputs, or as many frames as the inputs span steps, and the state of the flows."""
        samples, after = {}, {}
        for window, (name, flow, conditioning, mean) in zip(self.outputs, self.condition(inputs), strict=True):
            shape = (*conditioning.shape[:2], window.dim)
            before = state[name] if state else None
            x, after[name] = flow.sample_from(shape, conditioning, before, temperature, generator)
            samples[name] = x if mean is None else mean + x
        return samples, after

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
        """`sample` by what is foreseen; the state is, for each output, its flow's inverse and the networks' state."""
        samples, after = {}, {}
        for window, (name, flow, conditioning, mean) in zip(
            self.outputs, self.condition(inputs, step.foreseen), strict=True
        ):
            inverse, before = state[name] if state else (flow.fixed_inverse(window.dim), None)
            shape = (*conditioning.shape[:2], window.dim)
            x, networks = flow.sample_from(shape, conditioning, before, temperature, generator, inverse)
            samples[name], after[name] = (x if mean is None else mean + x), (inverse, networks)
        return samples, after

    @torch.no_grad()
    def foresee(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The encodings of what is not fed back."""
        return self.encoders.encode(inputs, [name for name in inputs if name not in self.feedback])
