"""DAE: a denoising autoencoder of poses, whose codes a speech encoder learns to give."""

import argparse
from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from models.base_autoencoder import BaseAutoencoder
from models.nets.pose_coder import PoseCoder
from option_values import not_negative, positive


class DaeModel(BaseAutoencoder):
    """Rebuilds poses from their noisy selves (FineMotion, GENEA 2020, after Kucherenko et al. 2019).

    The noise is normal, of ``--noise`` times each column's standard deviation in the batch.
    """

    @staticmethod
    def modify_commandline_options(parser: Any) -> None:
        """Sizes and noise."""
        parser.add_argument("--hidden_dim", type=positive, default=312, help="width of the hidden layers")
        parser.add_argument("--code_dim", type=positive, default=40, help="numbers of a pose's code")
        parser.add_argument("--noise", type=not_negative, default=0.01, help="of the input, in standard deviations")

    def make_coder(self, dim: int, opt: argparse.Namespace) -> PoseCoder:
        """The network for poses of so many numbers."""
        self.noise: float = opt.noise
        return PoseCoder(dim, opt.hidden_dim, opt.code_dim)

    def losses(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The mean squared error of the poses rebuilt; in training, from noisy ones."""
        poses = self.poses(batch)
        seen = poses
        if self.training and self.noise:
            seen = poses + self.noise * poses.std(dim=(0, 1), correction=0) * torch.randn_like(poses)
        return {"loss": F.mse_loss(self.coder.decode(self.coder.encode(seen)), poses)}
