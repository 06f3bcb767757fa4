"""VAE: a variational autoencoder of poses, whose codes a speech encoder learns to give."""

import argparse
from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from models.base_autoencoder import BaseAutoencoder
from models.nets.pose_coder import VariationalPoseCoder
from option_values import not_negative, positive


class VaeModel(BaseAutoencoder):
    """Rebuilds poses from a sample of their code's normal distribution (arXiv 1312.6114), in the place of `dae`.

    The loss is the squared error, a mean, plus ``--kl_weight`` times the divergence of the code from a standard normal
    one, a sum over its numbers. The code that others learn is the distribution's mean.
    """

    coder: VariationalPoseCoder

    @staticmethod
    def modify_commandline_options(parser: Any) -> None:
        """Sizes, and the weight of the divergence."""
        parser.add_argument("--hidden_dim", type=positive, default=40, help="width of the hidden layers")
        parser.add_argument("--code_dim", type=positive, default=20, help="numbers of a pose's code")
        parser.add_argument(
            "--kl_weight", type=not_negative, default=1.0, help="of the divergence, beside the mean error"
        )

    def make_coder(self, dim: int, opt: argparse.Namespace) -> VariationalPoseCoder:
        """The network for poses of so many numbers."""
        self.kl_weight: float = opt.kl_weight
        return VariationalPoseCoder(dim, opt.hidden_dim, opt.code_dim)

    def losses(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The error and the divergence, from a sample of the code in training and from its mean otherwise."""
        poses = self.poses(batch)
        mean, log_variance = self.coder.distribution(poses)
        noise = torch.randn_like(mean) if self.training else torch.zeros_like(mean)
        return self.losses_of(poses, mean, log_variance, noise)

    def losses_of(self, poses: Tensor, mean: Tensor, log_variance: Tensor, noise: Tensor) -> dict[str, Tensor]:
        """The loss and its parts for codes mean + noise exp(log_variance / 2), each (..., code_dim)."""
        error = F.mse_loss(self.coder.decode(mean + noise * torch.exp(log_variance / 2)), poses)
        divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=-1).mean()
        return {"loss": error + self.kl_weight * divergence, "mse": error, "kl": divergence}
