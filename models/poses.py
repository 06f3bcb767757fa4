"""Poses of several modalities as one array, for the models that encode whole poses."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from models.windows import Window


def joined(windows: Sequence[Window], poses: Mapping[str, Tensor]) -> Tensor:
    """Side by side: {modality: (batch, time, dim)} -> (batch, time, sum of dims)."""
    return torch.cat([poses[window.modality] for window in windows], dim=-1)


def parted(windows: Sequence[Window], poses: Tensor) -> dict[str, Tensor]:
    """Undo `joined`."""
    parts = poses.split([window.dim for window in windows], dim=-1)
    return {window.modality: part for window, part in zip(windows, parts, strict=True)}
