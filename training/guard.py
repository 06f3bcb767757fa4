"""What is not finite stops a run: which frame of which sequence, which loss, which parameter's gradient."""

import logging
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from models.windows import Window
from training.datasets.base_dataset import BaseDataset

log = logging.getLogger(__name__)


class Guard:
    """Decides on what is not finite: an error, or, while fewer than ``allowed`` batches were, one that is left out."""

    def __init__(self, allowed: int):
        self.allowed = allowed
        self.skipped = 0

    def refuse(self, fault: str) -> None:
        """Count a batch that is to be skipped, or raise ValueError with what is wrong."""
        if self.skipped >= self.allowed:
            counted = f" ({self.skipped} batches were skipped before it)" if self.skipped else ""
            raise ValueError(f"{fault}{counted}; --skip_bad_batches {self.skipped + 1} would leave this batch out")
        self.skipped += 1
        log.warning("%s; batch %d that is skipped, of %d allowed", fault, self.skipped, self.allowed)


def all_finite(tensors: Iterable[Tensor]) -> bool:
    """Whether every number of the floating tensors is finite; a device is asked once."""
    floating = [tensor.detach() for tensor in tensors if tensor.is_floating_point()]
    # A number that is not finite makes the sum so. That of finite numbers can overflow: then each is looked at.
    return (
        not floating
        or bool(torch.stack([tensor.sum().float() for tensor in floating]).sum().isfinite())
        or all(bool(tensor.isfinite().all()) for tensor in floating)
    )


def bad_feature(
    batch: Mapping[str, Tensor], windows: Iterable[tuple[str, Window]], dataset: BaseDataset, items: Sequence[int]
) -> str:
    """Name the first frame of a batch that is not finite; ``windows`` are those of ``in_`` and ``out_`` by their keys.

    "" where all are.
    """
    for key, window in windows:
        bad = (~batch[key].isfinite()).nonzero() if key in batch else torch.empty(0)
        if len(bad):
            row, frame, column = [*bad[0].tolist(), 0, 0][:3]
            sequence_id, anchor = dataset.place(items[row])
            first = 0 if window.single else anchor + window.offset
            value = batch[key][tuple(bad[0])].item()
            return (
                f"{window.modality} of the sequence {sequence_id} is {value} in frame {first + frame}, column {column}"
            )
    return ""


def bad_gradient(parameters: Iterable[tuple[str, nn.Parameter]]) -> str:
    """Name the first parameter whose gradient is not finite, or else the first that is not itself; "" if all are."""
    named = list(parameters)
    for name, parameter in named:
        if not parameter.detach().isfinite().all():
            return f"the parameter {name} is not finite"
    for name, parameter in named:
        if parameter.grad is not None and not parameter.grad.isfinite().all():
            return f"the gradient of {name} is not finite"
    return ""
