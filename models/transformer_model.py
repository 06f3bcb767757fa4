"""The multimodal transformer: a deterministic prediction of the output windows, trained by squared error."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.base_model import BaseModel
from models.encoder_options import add_encoder_options, input_settings, joint_settings
from models.nets.multimodal import InputEncoders
from models.nets.transformer import TransformerEncoder
from models.windows import Window


class TransformerModel(BaseModel):
    """Encoders of the inputs, joined along time, and for each output a cross-modal transformer over the joint.

    Its first ``output_length`` positions are the prediction (Valle-Perez et al., Transflower, arXiv 2106.13871,
    section 4.2, without the flow). Several outputs share the input encoders. Unlike the published code, whose position
    vectors stayed zero, positions are trained.
    """

    def __init__(self, opt: argparse.Namespace, inputs: Sequence[Window], outputs: Sequence[Window]):
        super().__init__(opt, inputs, outputs)
        self.encoders = InputEncoders(inputs, **input_settings(opt))
        for window in outputs:
            _check_length(window, inputs)
        self.heads = nn.ModuleDict(
            {
                window.modality: TransformerEncoder(
                    opt.dhid, window.dim, self.encoders.slots, times=self.encoders.times, **joint_settings(opt)
                )
                for window in outputs
            }
        )

    @staticmethod
    def modify_commandline_options(parser: Any) -> None:
        """Sizes and kinds of positions."""
        add_encoder_options(parser)

    def forward(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The predicted output windows: {modality: (batch, length, dim)}."""
        latent = self.encoders(inputs)
        return {window.modality: self.heads[window.modality](latent, window.length) for window in self.outputs}

    def losses(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Mean squared error, summed over the output modalities."""
        predictions = self({window.modality: batch[f"in_{window.modality}"] for window in self.inputs})
        errors = {modality: F.mse_loss(x, batch[f"out_{modality}"]) for modality, x in predictions.items()}
        parts = {f"mse_{modality}": error for modality, error in errors.items()} if len(errors) > 1 else {}
        return {"loss": torch.stack(list(errors.values())).sum(), **parts}

    @torch.no_grad()
    def sample(
        self,
        inputs: Mapping[str, Tensor],
        *,
        temperature: float = 1.0,
        generator: torch.Generator | Sequence[torch.Generator] | None = None,
        state: Any = None,
    ) -> tuple[dict[str, Tensor], Any]:
        """The prediction; there is nothing random in it."""
        return self(inputs), None


def _check_length(window: Window, inputs: Sequence[Window]) -> None:
    slots = sum(each.length for each in inputs)
    if window.length > slots:
        lengths = " + ".join(str(each.length) for each in inputs)
        raise ValueError(
            f"--output_lengths asks for {window.length} frames of {window.modality}, but --input_lengths gives only "
            f"{lengths} = {slots} slots to predict them in; shorten the output or lengthen an input"
        )
