"""Arrays of frames: checked against a model's windows, cut, and continued over their ends."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from models.base_model import BaseModel
from models.windows import Window


def as_tensor(model: BaseModel, window: Window, arrays: Mapping[str, Any]) -> Tensor:
    """The array of a window's modality as (batch, frames, dim), or (frames, dim) where it has no batch axis.

    Of a `single` modality it has one frame. ValueError if it is missing or does not fit.
    """
    if window.modality not in arrays:
        raise ValueError(f"{type(model).__name__} needs {window.modality}, got {', '.join(arrays) or 'nothing'}")
    values = torch.as_tensor(arrays[window.modality], dtype=torch.long if window.discrete else torch.float32)
    if values.dim() not in (2, 3) or values.shape[-1] != window.width or not values.shape[-2]:
        raise ValueError(f"{window.modality} is {tuple(values.shape)}; the model wants (frames, {window.width})")
    return values[..., :1, :] if window.single else values


def batch_size(arrays: Sequence[Tensor]) -> tuple[bool, int]:
    """Whether any of the arrays has a batch axis, and the size of the batch; ValueError if sizes differ."""
    sizes = {len(values) for values in arrays if values.dim() == 3}
    if len(sizes) > 1:
        raise ValueError(f"features and seeds come in batches of different sizes, {sorted(sizes)}")
    return bool(sizes), max(sizes, default=1)


def between(values: Tensor, first: int, stop: int, padding: Sequence[float] = ()) -> Tensor:
    """Frames [first, stop) of an array, continued in both directions by padding, else by its first and last frame."""
    index = torch.arange(first, max(stop, first), device=values.device)
    inside = index.clamp(0, values.shape[-2] - 1)
    found = values.index_select(-2, inside)
    if padding:
        found[..., index != inside, :] = torch.tensor(padding, dtype=values.dtype, device=values.device)
    return found


def ending(values: Tensor | None, count: int, window: Window) -> Tensor:
    """The last `count` frames of an array; `at_rest` where there is none.

    Where it is shorter, the window's padding comes first, or else its first frame repeated.
    """
    if values is None:
        return at_rest(count, window)
    return between(values, values.shape[-2] - count, values.shape[-2], window.padding)


def at_rest(count: int, window: Window) -> Tensor:
    """So many frames of a modality of which nothing is known, (count, dim): its window's padding, else zeros."""
    frames = zeros(count, window)
    return frames + torch.tensor(window.padding, dtype=frames.dtype) if window.padding else frames


def zeros(count: int, window: Window) -> Tensor:
    """So many frames of zeros, (count, dim)."""
    return torch.zeros(max(count, 0), window.width, dtype=torch.long if window.discrete else torch.float32)
