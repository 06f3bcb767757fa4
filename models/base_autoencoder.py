"""What the autoencoders of poses have in common: they rebuild the output windows, frame by frame."""

import argparse
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from models.base_model import BaseModel
from models.nets.pose_coder import BasePoseCoder
from models.poses import joined, parted
from models.windows import Window


class BaseAutoencoder(BaseModel):
    """Rebuilds the output windows through codes, each frame by itself, and reads no input.

    That is why the order of frames does not matter to it, and why it gives no motion to sound: `speechencoder` does,
    with it. Poses are bounded to (-1, 1), as features scaled by their maximum are.
    """

    order_sensitive = False
    generates = False

    def __init__(self, opt: argparse.Namespace, inputs: Sequence[Window], outputs: Sequence[Window]):
        super().__init__(opt, inputs, outputs)
        self.code_dim: int = opt.code_dim
        self.coder = self.make_coder(sum(window.dim for window in self.outputs), opt)

    @abstractmethod
    def make_coder(self, dim: int, opt: argparse.Namespace) -> BasePoseCoder:
        """The network for poses of so many numbers."""

    def poses(self, batch: Mapping[str, Tensor]) -> Tensor:
        """The poses (batch, time, dim) of a batch of training."""
        return joined(self.outputs, {window.modality: batch[f"out_{window.modality}"] for window in self.outputs})

    def encode(self, poses: Mapping[str, Tensor]) -> Tensor:
        """The codes (batch, time, code_dim) of {modality: (batch, time, dim)}."""
        return self.coder.encode(joined(self.outputs, poses))

    def decode(self, codes: Tensor) -> dict[str, Tensor]:
        """The poses of codes (batch, time, code_dim): {modality: (batch, time, dim)}."""
        return parted(self.outputs, self.coder.decode(codes))

    def sample(
        self,
        inputs: Mapping[str, Tensor],
        *,
        temperature: float = 1.0,
        generator: torch.Generator | Sequence[torch.Generator] | None = None,
        state: Any = None,
    ) -> tuple[dict[str, Tensor], Any]:
        """ValueError: an autoencoder alone gives no motion."""
        raise ValueError(
            "this model rebuilds poses and gives none to sound; train a speechencoder on its codes, with --pose_model "
            "and --pose_checkpoint, and generate with that"
        )
