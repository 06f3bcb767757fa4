"""Windows that slide over frames, one step at a time, and linear layers that read them without writing them out."""

import math
from collections.abc import Mapping, Sequence
from functools import cached_property, reduce

import torch
import torch.nn.functional as F
from torch import Tensor

from models.precision import full_precision


class SlidingWindow:
    """The ``length`` frames that each of ``steps`` steps reads of x (batch, steps + length - 1, dim), one further each.

    ``shown`` (batch, steps, 1), where given, multiplies what a step reads.
    """

    def __init__(self, x: Tensor, length: int, shown: Tensor | None = None):
        self.x, self.length, self.shown = x, length, shown

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return self.x.shape[1] - self.length + 1

    @property
    def size(self) -> int:
        """How many numbers a step reads."""
        return self.length * self.x.shape[2]

    def written_out(self) -> Tensor:
        """What each step reads: (batch, steps, length * dim)."""
        read = self.x.unfold(1, self.length, 1).transpose(2, 3).flatten(2)
        return read if self.shown is None else read * self.shown

    def project(self, weight: Tensor) -> Tensor:
        """``written_out() @ weight.T``, (batch, steps, out), by whichever of two ways multiplies less.

        Steps share frames, so this is a correlation over time: a product for each frequency of the frames' and the
        weight's discrete Fourier transforms. It is computed in the precision of x, autocast or not, since the sums
        over frequencies would not forgive rounded terms.
        """
        batch, frames, dim = self.x.shape
        frequencies = frames // 2 + 1
        by_frequencies = frequencies * (4 * batch * dim + 2 * self.size + 2 * batch * self.steps)
        if by_frequencies >= batch * self.steps * self.size:
            return self.written_out() @ weight.mT
        with torch.autocast(self.x.device.type, enabled=False):
            # The weight's transform: of each frequency two parts, of each of these all channels and outputs.
            forward, backward = self._transforms
            weights = forward[: self.length].T @ weight.view(-1, self.length, dim).permute(1, 2, 0).flatten(1)
            products = self._spectrum() @ weights.view(frequencies, 2 * dim, -1)
            projected = backward[: self.steps] @ products.view(2 * frequencies, -1)
        projected = projected.view(self.steps, batch, -1).transpose(0, 1)
        return projected if self.shown is None else projected * self.shown

    @cached_property
    def _transforms(self) -> tuple[Tensor, Tensor]:
        """The discrete Fourier transform and its inverse, as cosines and sines: (frames, 2 frequencies) both."""
        frames = self.x.shape[1]
        count = torch.arange(frames // 2 + 1, dtype=torch.float64, device=self.x.device)
        angles = 2 * math.pi / frames * torch.arange(frames, dtype=torch.float64, device=self.x.device)[:, None] * count
        alone = (count == 0) | (2 * count == frames)
        twice = (2 - alone.to(count)) / frames
        forward = torch.stack([angles.cos(), angles.sin()], dim=2)
        backward = torch.stack([twice * angles.cos(), -twice * angles.sin()], dim=2)
        return forward.flatten(1).to(self.x), backward.flatten(1).to(self.x)

    def _spectrum(self) -> Tensor:
        """The spectrum of x; kept, but for one without the gradients that x is to get."""
        graphless = self.x.requires_grad and not torch.is_grad_enabled()
        return self._transformed() if graphless else self._kept_spectrum

    @cached_property
    def _kept_spectrum(self) -> Tensor:
        return self._transformed()

    def _transformed(self) -> Tensor:
        """The transform X of x so that rows times [Re W; -Im W] are those of X conj(W).

        (frequencies, 2 batch, 2 dim): [Re X, -Im X] for the real parts, and [Im X, Re X] for the imaginary ones.
        """
        batch, frames, dim = self.x.shape
        spectrum = self._transforms[0].T @ self.x.transpose(0, 1).reshape(frames, -1)
        real, minus_imaginary = spectrum.view(-1, 2, batch, dim).unbind(1)
        rows = torch.cat([real, minus_imaginary], dim=2), torch.cat([-minus_imaginary, real], dim=2)
        return torch.cat(rows, dim=1)


class SlidingWindows:
    """What each step reads of several things, as one vector: sliding windows and whole tensors (batch, steps, dim)."""

    def __init__(self, parts: Sequence[SlidingWindow | Tensor]):
        self.parts = tuple(parts)

    def written_out(self) -> Tensor:
        """What each step reads: (batch, steps, size)."""
        return torch.cat([part if isinstance(part, Tensor) else part.written_out() for part in self.parts], dim=-1)

    def project(self, weight: Tensor) -> Tensor:
        """``written_out() @ weight.T``: (batch, steps, out)."""
        sizes = [part.shape[-1] if isinstance(part, Tensor) else part.size for part in self.parts]
        projected = [
            part @ columns.mT if isinstance(part, Tensor) else part.project(columns)
            for part, columns in zip(self.parts, weight.split(sizes, dim=1), strict=True)
        ]
        return reduce(torch.add, projected)


class Foreseen:
    """What one step reads, as `SlidingWindows`, of which layers have their part already but for a few numbers.

    ``projected`` has for each weight, known by its place in memory, ``written_out() @ weight.T`` with zeros in place of
    those numbers; they come ``late``, as the first of their columns and values (batch, 1, columns).
    """

    def __init__(self, projected: Mapping[int, Tensor], late: Sequence[tuple[int, Tensor]]):
        self.projected, self.late = projected, late

    @classmethod
    def by(
        cls, weights: Sequence[Tensor], projected: Sequence[Tensor], late: Sequence[tuple[int, Tensor]]
    ) -> "Foreseen":
        """What was projected by each of the weights, (batch, 1, out)."""
        return cls({weight.data_ptr(): each for weight, each in zip(weights, projected, strict=True)}, late)

    def project(self, weight: Tensor) -> Tensor:
        """``written_out() @ weight.T``: (batch, 1, out)."""
        projected = self.projected[weight.data_ptr()]
        with full_precision(projected.device):
            for column, values in self.late:
                columns = weight[:, column : column + values.shape[-1]]
                projected = projected + F.linear(values, columns.to(values))
        return projected
