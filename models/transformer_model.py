"""The multimodal transformer: a deterministic prediction of the output windows, trained by squared error."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from models.base_model import BaseModel
from models.encoder_options import add_encoder_options, add_reading_option
from models.encoding import encode, foresee, make_encoders, make_joint, serves
from models.nets.causal import CausalHead
from models.nets.per_modality import PerModality
from models.roll import Step
from models.windows import Window


class TransformerModel(BaseModel):
    """Encoders of the inputs, joined along time, and for each output a cross-modal transformer over the joint.

    Its first ``output_length`` positions are the prediction (Valle-Perez et al., Transflower, arXiv 2106.13871,
    section 4.2, without the flow), or others as ``--conditioning_from`` says. Several outputs share the input encoders.
    Unlike the published code, whose position vectors stayed zero, positions are trained.
    """

    predicts: ClassVar[bool] = True

    def __init__(self, opt: argparse.Namespace, inputs: Sequence[Window], outputs: Sequence[Window]):
        super().__init__(opt, inputs, outputs)
        self.encoders = make_encoders(opt, inputs)
        self.heads = PerModality(
            {each.modality: make_joint(opt, each, self.encoders, range(each.length), each.dim) for each in outputs}
        )

    @staticmethod
    def modify_commandline_options(parser: Any) -> None:
        """Sizes and kinds of positions."""
        add_encoder_options(parser)
        add_reading_option(parser)

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
        """The frames that are read, by what is foreseen or, if causal, by what is kept of the frames before."""
        before, kept = state if state is not None and serves(self.encoders, step) else (None, {})
        latent, encoded = encode(self.encoders, inputs, step, before)
        predictions, after = {}, {}
        for window in self.outputs:
            name, count = window.modality, step.wanted(window.offset, window.length)
            head = self.heads[name]
            if isinstance(head, CausalHead):
                predictions[name], after[name] = head.step(latent, kept.get(name), count)
            else:
                predictions[name] = head(latent, count)
        return predictions, (encoded, after)

    @torch.no_grad()
    def foresee(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The encodings of what is not fed back."""
        return foresee(self.encoders, inputs, self.feedback)
