"""What is asked for: a request of the page, read with suspicion."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.web.request_error import RequestError
from inference.web.uploads import Uploads

STEM = "motion"
"""What all files of a job are called."""
HOTTEST = 10.0
SHORTEST_S = 0.05
LARGEST_SEED = 2**53
"""Larger whole numbers are not exact in a browser."""


@dataclass(frozen=True)
class Wish:
    """What is asked for. A transcript lies beside the sound, under the same name."""

    model: str
    label: str
    """What the sound is called."""
    sound: Path
    seconds: float
    """How much to generate, at most."""
    temperature: float | None = None
    """None for the experiment's own."""
    seed: int = 0


def read_wish(wanted: Mapping[str, Any], folder: Path, uploads: Uploads, models: Collection[str]) -> Wish:
    """The wish that a request's JSON describes, its files copied into the folder of its job.

    Args:
        wanted: `model`, `sound` and perhaps `transcript` (keys of uploads), `temperature`, `seed`, `seconds`.
        folder: where the files are copied to.
        uploads: where they are.
        models: the names that there are.

    Raises:
        RequestError: for anything else, or if a file is no longer there.
    """
    model = wanted.get("model")
    if not isinstance(model, str) or model not in models:
        raise RequestError(f"there is no model {str(model)[:60]!r}; choose one of the list")
    temperature = _number(wanted, "temperature", 0.0, HOTTEST)
    seed = _number(wanted, "seed", 0, LARGEST_SEED) or 0
    if seed != int(seed):
        raise RequestError("the seed is a whole number")
    seconds = _number(wanted, "seconds", SHORTEST_S, uploads.limits.seconds, "length") or uploads.limits.seconds
    if wanted.get("transcript") is not None:
        uploads.copy(str(wanted["transcript"]), "text", folder / STEM)
    sound = uploads.copy(str(wanted.get("sound")), "audio", folder / STEM)
    return Wish(model, sound.label, sound.path, seconds, temperature, int(seed))


def _number(wanted: Mapping[str, Any], name: str, least: float, most: float, called: str = "") -> float | None:
    """The number of this name, None where there is none; RequestError if it is anything else."""
    value = wanted.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise RequestError(f"the {called or name} is a number from {least:g} to {most:g}")
    return value
