"""The cross-modal transformer: the second half of the multimodal transformers."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from models.nets.multimodal import InputEncoders
from models.nets.transformer import TransformerEncoder
from models.windows import Window

SOURCES = ("first", "last", "queries")


class CrossModalTransformer(nn.Module):
    """A vector about each of these frames of one output window, from the joint of the encoded inputs.

    (batch, slots, dim) -> (batch, frames, dim_out). They are the transformer's outputs at the ``first`` or the ``last``
    slots of the joint, or at slots of their own before it, filled with trained ``queries``. ``options`` go to the
    transformer.
    """

    def __init__(
        self,
        window: Window,
        encoders: InputEncoders,
        frames: Sequence[int],
        *,
        dim: int,
        dim_out: int,
        layers: int,
        source: str = "first",
        **options: Any,
    ):
        super().__init__()
        count = len(frames)
        if source != "queries" and count > encoders.slots:
            raise ValueError(
                f"{window.modality} is to be read at {count} slots (--output_lengths; of a flow also "
                "--conditioning_seq_lens and --residual), but --input_lengths gives only "
                f"{encoders.slots}; shorten the output, lengthen an input or choose --conditioning_from queries"
            )
        self.count = count
        self.source = source
        times = list(encoders.times)
        if source == "queries":
            times = [window.offset + frame for frame in frames] + times
        elif source == "last":
            times = times[-count:] + times[:-count]
        self.queries = nn.Parameter(0.02 * torch.randn(count, dim)) if source == "queries" else None
        self.net = TransformerEncoder(dim, dim_out, len(times), dim=dim, layers=layers, times=times, **options)

    def forward(self, latent: Tensor, first: int | None = None) -> Tensor:
        """The vectors that follow from the joint (batch, slots, dim); all, or so many of the ``first``."""
        if self.queries is not None:
            latent = torch.cat([self.queries.expand(len(latent), -1, -1), latent], dim=1)
        elif self.source == "last":
            latent = latent.roll(self.count, dims=1)
        return self.net(latent, self.count if first is None else first)
