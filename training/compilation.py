"""Compiling what a model does."""

from collections.abc import Callable
from typing import Any

import torch

from models.compiler import require_compiler


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as `torch.compile` makes it, when it is first called.

    ValueError where there is no C++ compiler, which it needs for processors and for what surrounds a GPU's kernels.
    """
    require_compiler()
    return torch.compile(function)
