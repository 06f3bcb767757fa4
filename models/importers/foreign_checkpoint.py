"""Checkpoints of other code bases, read without running anything that they name."""

from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
from torch.serialization import get_unsafe_globals_in_checkpoint, safe_globals


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """Read a file of ``torch.save``: tensors and plain containers as they are, any other object as an `OrderedDict`.

    `entries` gives the items and the attributes of such an object. FileNotFoundError, ValueError: there is no such
    file, or it is damaged or no dictionary.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no checkpoint {path}")
    try:
        unknown: list[Any] = [(_stand_in(), name) for name in get_unsafe_globals_in_checkpoint(path)]
        with safe_globals(unknown):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch does not say what it raises for damaged files
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise ValueError(f"{path} is damaged or no checkpoint: {reason}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path} holds a {type(content).__name__}, not the dictionary of a checkpoint")
    return content


def entries(value: Any) -> Any:
    """The items and attributes of an object of an unknown class, as a dict; anything else as it is."""
    return {**value, **vars(value)} if isinstance(value, OrderedDict) else value


def _stand_in() -> type:
    """A class that makes, whatever it is given, an empty OrderedDict: that, the safe reader lets be filled.

    One for each name, since the reader tells them apart.
    """
    return type("StandIn", (), {"__new__": lambda *_: OrderedDict()})
