"""What a search varies: options with a range or a list of values, as words of the command line."""

import re
from dataclasses import dataclass
from typing import Any

RANGE = re.compile(r"(?P<low>[^:]+):(?P<high>[^:]+?)(:(?P<scale>log))?")


@dataclass(frozen=True)
class Choice:
    """One of several values."""

    name: str
    values: tuple[str, ...]

    def draw(self, trial: Any) -> str:
        """The value that Optuna's trial has for it, as text."""
        return str(trial.suggest_categorical(self.name, list(self.values)))


@dataclass(frozen=True)
class Range:
    """A number between two, whole where both are."""

    name: str
    low: float
    high: float
    log: bool

    def draw(self, trial: Any) -> str:
        """The value that Optuna's trial has for it, as text."""
        if isinstance(self.low, int) and isinstance(self.high, int):
            return str(trial.suggest_int(self.name, self.low, self.high, log=self.log))
        return repr(float(trial.suggest_float(self.name, self.low, self.high, log=self.log)))


def read_space(texts: list[str]) -> list[Choice | Range]:
    """Read ``learning_rate=1e-5:1e-2:log``, ``dropout=0.0:0.5`` or ``dhid=64,128,256``; ValueError for anything else.

    >>> read_space(["dhid=64,128"])
    [Choice(name='dhid', values=('64', '128'))]
    """
    space = [_dimension(text) for text in texts]
    names = [each.name for each in space]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"--vary {repeated.pop()} is given twice; leave one out")
    return space


def _dimension(text: str) -> Choice | Range:
    name, _, values = text.partition("=")
    name = name.lstrip("-").replace("-", "_")
    if match := RANGE.fullmatch(values):
        low, high, log = _number(match["low"], text), _number(match["high"], text), match["scale"] is not None
        if low >= high or (log and low <= 0):
            raise ValueError(f"--vary {text}: the range is empty, or reaches to zero on a logarithmic scale")
        return Range(name, low, high, log)
    if not name or not values:
        raise ValueError(f"--vary {text}: NAME=LOW:HIGH, NAME=LOW:HIGH:log or NAME=VALUE,VALUE is wanted")
    return Choice(name, tuple(values.split(",")))


def _number(text: str, where: str) -> float:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    raise ValueError(f"--vary {where}: {text!r} is not a number")
