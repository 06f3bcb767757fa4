"""A flow at half the frame rate: pairs of frames become channels, half of which an inner flow transforms."""

import torch
from torch import Tensor

from models.flows.transform import Transform


def squeeze(x: Tensor) -> Tensor:
    """Pairs of frames into channels, (batch, 2 n, dim) -> (batch, n, 2 dim): 2 c + p is channel c of frame p."""
    return x.unflatten(1, (-1, 2)).transpose(2, 3).flatten(2)


def unsqueeze(x: Tensor) -> Tensor:
    """Undo `squeeze`: (batch, n, 2 dim) -> (batch, 2 n, dim)."""
    return x.unflatten(2, (-1, 2)).transpose(2, 3).flatten(1, 2)


class HalfRate(Transform):
    """An inner transform of the first ``dim`` of the 2 ``dim`` channels that pairs of frames make (RealNVP, 3.6).

    The rest stays, and so does the last frame of an odd number. The inner transform works on (batch, time // 2, dim);
    its conditioning is paired alike, so it has twice the channels: frames that go with those of x are cut like them,
    any other number is made even by repeating the last one.
    """

    def __init__(self, inner: Transform):
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor, conditioning: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Transform half of the channels of each pair of frames."""
        if x.shape[1] < 2:
            return x, x.new_zeros(len(x))
        moved, kept, left = _split(x)
        moved, log_det = self.inner(moved, _paired(conditioning, x.shape[1]))
        return _join(moved, kept, left), log_det

    def inverse(self, z: Tensor, conditioning: Tensor | None = None) -> Tensor:
        """Undo the inner transform."""
        if z.shape[1] < 2:
            return z
        moved, kept, left = _split(z)
        return _join(self.inner.inverse(moved, _paired(conditioning, z.shape[1])), kept, left)

    def initialise(self, x: Tensor, conditioning: Tensor | None = None) -> None:
        """Initialise the inner transform on the channels that it gets."""
        if x.shape[1] >= 2:
            self.inner.initialise(_split(x)[0], _paired(conditioning, x.shape[1]))


def _split(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What is transformed and what stays of the pairs, and the frame without a pair, if there is one."""
    frames = x.shape[1] // 2 * 2
    pairs = squeeze(x[:, :frames])
    return pairs[..., : x.shape[-1]], pairs[..., x.shape[-1] :], x[:, frames:]


def _join(moved: Tensor, kept: Tensor, left: Tensor) -> Tensor:
    return torch.cat([unsqueeze(torch.cat([moved, kept], dim=-1)), left], dim=1)


def _paired(conditioning: Tensor | None, frames: int) -> Tensor | None:
    if conditioning is None:
        return None
    if conditioning.shape[1] % 2:
        same = conditioning.shape[1] == frames
        conditioning = conditioning[:, :-1] if same else torch.cat([conditioning, conditioning[:, -1:]], dim=1)
    return squeeze(conditioning)
