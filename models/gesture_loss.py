"""The loss of the seq2seq gesture models, and the options that weigh it."""

from typing import Any

import torch
from torch import Tensor

from option_values import not_negative


def add_loss_options(parser: Any) -> None:
    """The weights of the loss's parts."""
    parser.add_argument("--alpha", type=not_negative, default=0.01, help="weight of the change from frame to frame")
    parser.add_argument("--beta", type=not_negative, default=1.0, help="weight of the distance from the mean pose")


def gesture_losses(prediction: Tensor, target: Tensor, alpha: float, beta: float) -> dict[str, Tensor]:
    """The scalar ``loss`` of (batch, time, dim) poses, and its parts (FineMotion, GENEA 2020, section 3.2).

    ``l1`` is the mean absolute error, ``continuity`` the sum of the absolute changes from frame to frame and
    ``variance`` the sum over batch and dimensions of the root of the summed squares over time, both divided by the
    number of elements; loss = l1 + alpha continuity - beta variance. The last part keeps predictions from shrinking
    towards the mean pose, which is 0 in normalised features: of constant poses it rewards the far ones as well.
    """
    count = prediction.numel()
    l1 = (prediction - target).abs().mean()
    continuity = prediction.diff(dim=1).abs().sum() / count
    variance = torch.linalg.vector_norm(prediction, dim=1).sum() / count
    loss = l1 + alpha * continuity - beta * variance
    return {"loss": loss, "l1": l1, "continuity": continuity, "variance": variance}
