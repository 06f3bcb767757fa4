"""Transformerflow: a flow of gated convolutions, as in Flow++, conditioned on a multimodal transformer."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from models.encoder_options import add_encoder_options
from models.encoding import make_encoders
from models.flow_options import add_flow_options, gated_convolutions, make_heads
from models.likelihood import bits_per_frame
from models.window_flows import WindowFlowModel
from models.windows import Window


class TransformerflowModel(WindowFlowModel):
    """Encoders of the inputs, a cross-modal transformer, and for each output a Flow++ over time (arXiv 1902.00275).

    The couplings are gated convolutions with attention, as wide as the transformers, and each frame has a conditioning
    token of its own. The loss is bits per frame.
    """

    aliases = ("transflowpp",)

    def __init__(self, opt: argparse.Namespace, inputs: Sequence[Window], outputs: Sequence[Window]):
        super().__init__(opt, inputs, outputs)
        self.encoders = make_encoders(opt, inputs)
        self.heads = make_heads(opt, outputs, self.encoders, gated_convolutions(opt))

    @staticmethod
    def modify_commandline_options(parser: Any) -> None:
        """Sizes of the transformers and of the flow."""
        add_encoder_options(parser)
        add_flow_options(parser, dhid_flow=0, cond_concat_dims=True)

    def losses(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Bits per frame, summed over the output modalities."""
        latent = self.encoders({window.modality: batch[f"in_{window.modality}"] for window in self.inputs})
        bits = {
            f"nll_{window.modality}": bits_per_frame(
                head.log_prob(batch[f"out_{window.modality}"], latent)[0], window.length
            )
            for window, head in self.each_head()
        }
        return {"loss": torch.stack(list(bits.values())).sum(), **bits}
