"""The cross-modal transformer whose tokens condition a flow: the second half of the multimodal transformers."""

from typing import Any

import torch
from torch import Tensor, nn

from models.nets.multimodal import InputEncoders
from models.nets.transformer import TransformerEncoder
from models.windows import Window

SOURCES = ("first", "last", "queries")


class Conditioner(nn.Module):
    """``count`` tokens about one output window, from the joint of the encoded inputs: (batch, count, dim).

    They are the transformer's outputs at the ``first`` or the ``last`` slots of the joint, or at slots of their own
    before it, filled with trained ``queries``. ``options`` go to the transformer.
    """

    def __init__(
        self,
        window: Window,
        encoders: InputEncoders,
        count: int,
        *,
        dim: int,
        layers: int,
        source: str = "first",
        **options: Any,
    ):
        super().__init__()
        if source != "queries" and count > encoders.slots:
            raise ValueError(
                f"{window.modality}: --output_lengths, --conditioning_seq_lens (and --residual) ask for {count} slots, "
                f"--input_lengths gives {encoders.slots}; shorten the output, lengthen an input or choose "
                "--conditioning_from queries"
            )
        self.count = count
        self.source = source
        times = list(encoders.times)
        if source == "queries":
            times = [window.offset + frame % window.length for frame in range(count)] + times
        elif source == "last":
            times = times[-count:] + times[:-count]
        self.queries = nn.Parameter(0.02 * torch.randn(count, dim)) if source == "queries" else None
        self.net = TransformerEncoder(dim, dim, len(times), dim=dim, layers=layers, times=times, **options)

    def forward(self, latent: Tensor) -> Tensor:
        """The tokens that follow from the joint (batch, slots, dim)."""
        if self.queries is not None:
            latent = torch.cat([self.queries.expand(len(latent), -1, -1), latent], dim=1)
        elif self.source == "last":
            latent = latent.roll(self.count, dims=1)
        return self.net(latent, self.count)
