"""Invertible mixing of channels: linear maps and permutations, the same at every frame."""

import torch
from torch import Tensor, nn

from models.flows.transform import Transform


class InvertibleMatrix(nn.Parameter):
    """A parameter whose rows no optimiser may centre: a matrix whose rows all have zero mean is singular."""


class Linear(Transform):
    """z = W x at each frame, W a plain matrix that begins as a random rotation (Glow, arXiv 1807.03039, section 3.2).

    The inverse solves W x = z anew at each call, so there is no stored inverse that training could make stale.
    """

    def __init__(self, dim: int):
        super().__init__()
        self.weight = InvertibleMatrix(_rotation(dim))

    def forward(self, x: Tensor, conditioning: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Mix the channels."""
        with torch.autocast(x.device.type, enabled=False):
            log_det = x.shape[1] * torch.linalg.slogdet(self.weight).logabsdet
            return x @ self.weight.T, log_det.expand(len(x))

    def inverse(self, z: Tensor, conditioning: Tensor | None = None) -> Tensor:
        """Solve for the channels before the mixing."""
        with torch.autocast(z.device.type, enabled=False):
            return torch.linalg.solve(self.weight, z.flatten(0, 1).T).T.reshape(z.shape)


class LULinear(Transform):
    """z = P L U x at each frame: P a fixed permutation, L and U unit lower and upper triangular but for U's diagonal.

    The diagonal of U is sign exp(log_diagonal), its sign fixed, so that the map is never singular and its
    log-determinant is a sum (Glow, arXiv 1807.03039, section 3.2). It begins as a random rotation. Of the full matrices
    ``lower`` and ``upper`` only the triangle counts. The inverse is two triangular solves at each call, never stored.
    """

    order: Tensor
    sign: Tensor

    def __init__(self, dim: int):
        super().__init__()
        permutation, lower, upper = torch.linalg.lu(_rotation(dim))
        diagonal = upper.diagonal()
        self.lower = nn.Parameter(lower.tril(-1))
        self.upper = nn.Parameter(upper.triu(1))
        self.log_diagonal = nn.Parameter(diagonal.abs().log())
        self.register_buffer("sign", diagonal.sign())
        self.register_buffer("order", permutation.argmax(dim=1))

    def forward(self, x: Tensor, conditioning: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Mix the channels."""
        with torch.autocast(x.device.type, enabled=False):
            lower, upper = self._triangles()
            z = x @ (lower @ upper)[self.order].T
        return z, (x.shape[1] * self.log_diagonal.sum()).expand(len(x))

    def inverse(self, z: Tensor, conditioning: Tensor | None = None) -> Tensor:
        """Solve for the channels before the mixing."""
        with torch.autocast(z.device.type, enabled=False):
            lower, upper = self._triangles()
            y = z[..., self.order.argsort()].flatten(0, 1).T
            y = torch.linalg.solve_triangular(lower, y, upper=False, unitriangular=True)
            return torch.linalg.solve_triangular(upper, y, upper=True).T.reshape(z.shape)

    def _triangles(self) -> tuple[Tensor, Tensor]:
        identity = torch.eye(len(self.lower), dtype=self.lower.dtype, device=self.lower.device)
        diagonal = (self.sign * self.log_diagonal.exp()).diag()
        return self.lower.tril(-1) + identity, self.upper.triu(1) + diagonal


class Permutation(Transform):
    """Channels in another, fixed order, which is saved with the weights: z[c] = x[order[c]]."""

    order: Tensor

    def __init__(self, order: Tensor):
        super().__init__()
        self.register_buffer("order", order.clone())

    @classmethod
    def shuffle(cls, dim: int) -> "Permutation":
        """A random order."""
        return cls(torch.randperm(dim))

    @classmethod
    def reverse(cls, dim: int) -> "Permutation":
        """The last channel first."""
        return cls(torch.arange(dim - 1, -1, -1))

    def forward(self, x: Tensor, conditioning: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Reorder the channels."""
        return x[..., self.order], x.new_zeros(len(x))

    def inverse(self, z: Tensor, conditioning: Tensor | None = None) -> Tensor:
        """Put the channels back."""
        return z[..., self.order.argsort()]


def _rotation(dim: int) -> Tensor:
    return torch.linalg.qr(torch.randn(dim, dim)).Q
