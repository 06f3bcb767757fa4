"""What lies between two predictions of the same frames, by what their numbers mean."""

from collections.abc import Mapping
from functools import partial

import numpy as np
import torch
from torch import Tensor

from feature_extraction.feature import Feature
from inference.rolling import Blend


def feature_blends(features: Mapping[str, Feature]) -> dict[str, Blend]:
    """Of each feature that is motion how two predictions are mixed: rotations turn, all else goes straight."""
    return {name: partial(_blend, feature) for name, feature in features.items() if feature.source == "motion"}


def _blend(feature: Feature, before: Tensor, after: Tensor, share: Tensor) -> Tensor:
    """Scaled predictions (batch, frames, dim), the share of the second one (frames, 1)."""
    shares = share.flatten().cpu().numpy().astype(np.float64)
    rows = zip(before.cpu().numpy(), after.cpu().numpy(), strict=True)
    blended = np.stack([feature.blend(*ends, shares) for ends in rows])
    return torch.from_numpy(blended).to(after)
