"""What to say about an option that does not exist: its name of today, its owner, or the nearest name."""

import ast
from collections.abc import Iterator

import registry
from training.options import base
from training.options.grammar import Declarations, underscored


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
        return f"it belongs to {' and '.join(owners)}, which this run does not have"

    def shown(near: str) -> str:
        option = declarations.option(near)
        return f"--{near} (of {option.owner})" if option else near

    return registry.nearest(name, declarations.names(), shown) or "--help lists them all"


def _declaring(name: str) -> Iterator[tuple[str, str]]:
    """The models and data sets in whose source the option stands; no class is imported to find out."""
    for kind in ("model", "dataset"):
        for source in registry.sources(kind):
            for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and node.value == f"--{name}":
                    yield kind, source.stem.removesuffix(f"_{kind}")
