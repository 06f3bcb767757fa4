"""One encoder per input modality, their outputs joined along time: the first half of every multimodal transformer."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from models.nets.per_modality import PerModality
from models.nets.transformer import TransformerEncoder
from models.windows import Window


class InputEncoders(nn.Module):
    """Each modality through a transformer of its own to the common width ``dim``: a latent (batch, slots, dim).

    ``slots`` is the sum of the input lengths, ``times`` the frame of each slot. ``options`` go to every encoder.
    """

    def __init__(self, inputs: Sequence[Window], *, dim: int, layers: int = 2, **options: Any):
        super().__init__()
        self.nets = PerModality(
            {
                window.modality: TransformerEncoder(
                    window.dim, dim, window.length, dim=dim, layers=layers, tokens=window.num_tokens, **options
                )
                for window in inputs
            }
        )
        self.slots = sum(window.length for window in inputs)
        self.times = [window.offset + frame for window in inputs for frame in range(window.length)]

    def forward(self, inputs: Mapping[str, Tensor], known: Mapping[str, Tensor] | None = None) -> Tensor:
        """Map {modality: (batch, length, dim of the modality)} to (batch, slots, dim).

        Of some modalities the encoding may be ``known`` already.
        """
        known = known or {}
        parts = [known[name] if name in known else net(inputs[name]) for name, net in self.nets.items()]
        return torch.cat(parts, dim=1)

    def encode(self, inputs: Mapping[str, Tensor], modalities: Iterable[str]) -> dict[str, Tensor]:
        """Each of these modalities encoded: (batch, length, dim)."""
        return {name: self.nets[name](inputs[name]) for name in modalities}
