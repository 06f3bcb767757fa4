"""What to say about an option that does not exist: its name of today, its owner, or the nearest name."""

from collections.abc import Iterator
from typing import Any

import registry
from training.options import base
from training.options.grammar import Declarations, underscored

FEW = 3
"""How many owners of an option are named."""


def unknown_argument(argument: str, declarations: Declarations) -> ValueError:
    """The error for an argument of the command line that belongs to no option."""
    if not argument.startswith("--"):
        return ValueError(f"{argument!r} is not an option; the experiment's name comes first, then --option VALUE")
    return unknown_option(argument[2:].partition("=")[0], "", declarations)


def unknown_option(name: str, where: str, declarations: Declarations) -> ValueError:
    """The error for an option that this run does not have; `where` is file and line, "" for the command line."""
    name = underscored(name)
    return ValueError(f"{where + ': ' if where else ''}there is no option --{name}: {_advice(name, declarations)}")


def _advice(name: str, declarations: Declarations) -> str:
    if name in base.RENAMED:
        return base.RENAMED[name]
    option = declarations.option(name.removeprefix("no_"))
    if option and option.is_flag:
        return f"write {option.name}: false"
    owners = [f"{kind} {short}" for kind, short in _declaring(name)]
    if owners:
        others = f" and {len(owners) - FEW} more" if len(owners) > FEW else ""
        return f"it belongs to {' and '.join(owners[:FEW])}{others}, which this run does not have"

    def shown(near: str) -> str:
        option = declarations.option(near)
        return f"--{near} (of {option.owner})" if option else near

    return registry.nearest(name, declarations.names(), shown) or "--help lists them all"


def _declaring(name: str) -> Iterator[tuple[str, str]]:
    """The models and data sets that have the option."""
    for kind in ("model", "dataset"):
        for short in registry.names(kind):
            declared = Declarations()
            found: Any = registry.find(kind, short)
            found.modify_commandline_options(declared.group(short))
            if declared.option(name):
                yield kind, short
