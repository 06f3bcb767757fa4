"""Poses as short codes and back: one hidden layer each way."""

from abc import ABC, abstractmethod

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class TwoLayers(nn.Module):
    """A linear layer, a rectifier, a linear layer: (..., dim_in) -> (..., dim_out)."""

    def __init__(self, dim_in: int, dim_hidden: int, dim_out: int):
        super().__init__()
        self.hidden = nn.Linear(dim_in, dim_hidden)
        self.out = nn.Linear(dim_hidden, dim_out)

    def forward(self, x: Tensor) -> Tensor:
        """Map the last axis."""
        return self.out(F.relu(self.hidden(x)))


class BasePoseCoder(nn.Module, ABC):
    """An autoencoder of poses, which are bounded to (-1, 1) by tanh."""

    @abstractmethod
    def encode(self, poses: Tensor) -> Tensor:
        """(..., dim) -> (..., dim_code)."""

    @abstractmethod
    def decode(self, codes: Tensor) -> Tensor:
        """(..., dim_code) -> (..., dim)."""


class PoseCoder(BasePoseCoder):
    """Codes are bounded as well."""

    def __init__(self, dim: int, dim_hidden: int, dim_code: int):
        super().__init__()
        self.encoder = TwoLayers(dim, dim_hidden, dim_code)
        self.decoder = TwoLayers(dim_code, dim_hidden, dim)

    def encode(self, poses: Tensor) -> Tensor:
        """(..., dim) -> (..., dim_code)."""
        return torch.tanh(self.encoder(poses))

    def decode(self, codes: Tensor) -> Tensor:
        """(..., dim_code) -> (..., dim)."""
        return torch.tanh(self.decoder(codes))


class VariationalPoseCoder(BasePoseCoder):
    """The code is a normal distribution (arXiv 1312.6114)."""

    def __init__(self, dim: int, dim_hidden: int, dim_code: int):
        super().__init__()
        self.hidden = nn.Linear(dim, dim_hidden)
        self.mean = nn.Linear(dim_hidden, dim_code)
        self.log_variance = nn.Linear(dim_hidden, dim_code)
        self.decoder = TwoLayers(dim_code, dim_hidden, dim)

    def distribution(self, poses: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of the code: (..., dim) -> twice (..., dim_code)."""
        hidden = F.relu(self.hidden(poses))
        return self.mean(hidden), self.log_variance(hidden)

    def encode(self, poses: Tensor) -> Tensor:
        """The mean: (..., dim) -> (..., dim_code)."""
        return self.distribution(poses)[0]

    def decode(self, codes: Tensor) -> Tensor:
        """(..., dim_code) -> (..., dim)."""
        return torch.tanh(self.decoder(codes))
