"""Full precision for the arithmetic that autocast must not round."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch


def full_precision(device: torch.device) -> AbstractContextManager[Any]:
    """The context in which nothing is autocast on this device. Where nothing is anyway, entering it costs nothing."""
    return torch.autocast(device.type, enabled=False) if torch.is_autocast_enabled(device.type) else nullcontext()
