"""Transflower: the distribution of the next frames, a flow conditioned on a multimodal transformer."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from models.encoder_options import add_encoder_options
from models.encoding import make_encoders
from models.flow_options import (
    add_flow_options,
    add_transformer_coupling_options,
    couples_in_order,
    gated_convolutions,
    make_heads,
    transformers,
)
from models.likelihood import MEAN_WEIGHT, bits_per_frame
from models.window_flows import WindowFlowModel
from models.windows import Window

RESIDUAL_LOSSES = ("fading", "sum")
SOFTNESS = 5.0
"""How slowly the likelihood takes over as that error falls."""


class TransflowerModel(WindowFlowModel):
    """Encoders of the inputs, a cross-modal transformer, and for each output a Flow++-style flow over its window.

    Valle-Perez et al., Transflower, arXiv 2106.13871. The loss is bits per frame: -log2 p of a window over its frames.
    Unlike in the published code, positions are trained and norm layers start from data. ``--residual`` adds a mean to
    each output, whose weighted squared error is m. As published, m is what is trained while it is large: the loss is
    (1 - a) bits + a m with a = sigmoid(m / 5); where m cannot become small, the flow never learns. ``--residual_loss
    sum`` is bits + m: m alone trains the transformers, and the flow learns what deviates, given what they say.
    """

    def __init__(self, opt: argparse.Namespace, inputs: Sequence[Window], outputs: Sequence[Window]):
        super().__init__(opt, inputs, outputs)
        self.fades = opt.residual_loss == "fading"
        self.encoders = make_encoders(opt, inputs)
        bodies = transformers(opt) if opt.use_transformer_nn else gated_convolutions(opt)
        self.heads = make_heads(
            opt,
            outputs,
            self.encoders,
            bodies,
            mean=opt.residual,
            shared=not self.fades,
            in_order=couples_in_order(opt),
        )

    @staticmethod
    def modify_commandline_options(parser: Any) -> None:
        """Sizes of the transformers and of the flow, kinds of positions and of couplings."""
        add_encoder_options(parser)
        add_flow_options(parser, dhid_flow=512, cond_concat_dims=False)
        add_transformer_coupling_options(parser)
        parser.add_argument(
            "--residual",
            action=argparse.BooleanOptionalAction,
            default=False,
            help="predict a mean too, and let the flow model what deviates from it",
        )
        parser.add_argument(
            "--residual_loss",
            choices=RESIDUAL_LOSSES,
            default="fading",
            help="with --residual: the squared error fades where it is small (as published), or is added to the bits "
            "and alone trains the transformers",
        )

    def losses(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Bits per frame, summed over the output modalities; with ``--residual`` joined with squared errors."""
        latent = self.encoders({window.modality: batch[f"in_{window.modality}"] for window in self.inputs})
        parts: dict[str, Tensor] = {}
        losses = []
        for window, head in self.each_head():
            log_prob, mse = head.log_prob(batch[f"out_{window.modality}"], latent, through_mean=self.fades)
            bits = bits_per_frame(log_prob, window.length)
            parts[f"nll_{window.modality}"] = bits
            if mse is not None:
                parts[f"mse_{window.modality}"] = mse
                weighted = MEAN_WEIGHT * mse
                share = torch.sigmoid(weighted / SOFTNESS)
                bits = (1 - share) * bits + share * weighted if self.fades else bits + weighted
            losses.append(bits)
        return {"loss": torch.stack(losses).sum(), **parts}
