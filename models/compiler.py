"""What compiling a model asks of the machine."""

import os
import shutil
import sys

USUAL = "clang++" if sys.platform == "darwin" else "g++"
"""What torch calls where CXX names nothing else."""


def require_compiler() -> None:
    """ValueError where torch finds no C++ compiler, naming the one that it looks for."""
    chosen = os.environ.get("CXX")
    if not shutil.which(USUAL if chosen is None else chosen):
        looked_for = USUAL if chosen is None else f"CXX={chosen}"
        raise ValueError(
            f"--compile needs a C++ compiler, and this machine has no {looked_for}; install it, let CXX name another, "
            "or leave --compile out"
        )
