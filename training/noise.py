"""Noise on what a model reads: it learns to go on from its own imperfect output, and knows no frames by heart."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from models.windows import Window


def with_noise(batch: Mapping[str, Tensor], windows: Sequence[Window]) -> dict[str, Tensor]:
    """The batch, its input windows that ask for ``noise`` with normal noise on them; the others as they are.

    Each window of the batch draws a standard deviation of its own, uniformly between 0 and ``noise``, in the units of
    the features, so that clean windows are seen too (conditioning augmentation, Ho et al., arXiv 2106.15282).
    """
    noisy = dict(batch)
    for window in windows:
        if window.noise:
            values = batch[f"in_{window.modality}"]
            strength = window.noise * torch.rand(len(values), 1, 1, dtype=values.dtype, device=values.device)
            noisy[f"in_{window.modality}"] = values + strength * torch.randn_like(values)
    return noisy
