"""Weights of another run as the beginning of a model: all of them, or those whose names fit."""

import logging
from collections.abc import Sequence
from pathlib import Path

from inference.pretrained import load_trained
from models.base_model import BaseModel

log = logging.getLogger(__name__)


def begin_with_weights(
    model: BaseModel, checkpoint: Path, only: Sequence[str] = (), ignored: Sequence[str] = ()
) -> None:
    """Copy those weights whose names contain one of ``only`` (if any are given) and none of ``ignored``.

    They come from a checkpoint file or a shared model's folder; the others stay as they are. ValueError where the two
    models do not agree about what is to be copied, naming it.
    """
    loaded = load_trained(checkpoint)
    found, own = loaded.model.state_dict(), model.state_dict()

    def wanted(name: str) -> bool:
        return (not only or any(part in name for part in only)) and not any(part in name for part in ignored)

    given = {name: value for name, value in found.items() if wanted(name)}
    unknown = [name for name in given if name not in own]
    missing = [name for name in own if wanted(name) and name not in given]
    other = [name for name in given if name in own and own[name].shape != given[name].shape]
    if not given:
        raise ValueError(
            f"no weight of {checkpoint} is wanted; correct --only_load_in_state_dict: {_some(list(found))}"
        )
    if unknown or missing or other:
        told = [
            f"{name} is {tuple(given[name].shape)} there and {tuple(own[name].shape)} here" for name in other[:2]
        ] + [f"{what}: {_some(names)}" for what, names in (("only there", unknown), ("only here", missing)) if names]
        raise ValueError(
            f"the weights of {checkpoint} (a {loaded.opt.model}) do not fit: {'; '.join(told)}; leave parts out by "
            "--ignore_in_state_dict NAME,NAME"
        )
    model.load_state_dict(own | given)
    log.info("%d of %d weights are those of %s", len(given), len(own), checkpoint)


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
