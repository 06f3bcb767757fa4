"""Compiling what a model does, and what the machine must have for it."""

import os
import shutil
from collections.abc import Callable
from typing import Any

import torch

COMPILERS = ("g++", "clang++", "c++")


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as `torch.compile` makes it, when it is first called.

    ValueError where there is no C++ compiler, which it needs for processors and for what surrounds a GPU's kernels.
    """
    chosen = os.environ.get("CXX")
    if not any(map(shutil.which, [chosen] if chosen else COMPILERS)):
        looked_for = f"CXX={chosen}" if chosen else " or ".join(COMPILERS)
        raise ValueError(
            f"--compile needs a C++ compiler, and this machine has no {looked_for}; install one, or leave --compile out"
        )
    return torch.compile(function)
