"""The help of an experiment: every option by its owner, with the value it has and where that comes from."""

import os
import shutil
import textwrap
from collections.abc import Iterator
from pathlib import Path

from training.options.experiments import list_experiments
from training.options.given import Resolved
from training.options.grammar import Declarations, Option, as_text
from training.options.paths import readable

MARGIN = 34
"""Columns before the explanations."""


def help_text(declarations: Declarations, resolved: Resolved, experiment: Path | None) -> str:
    """The help: one section per owner (base, trainer, data set, models), in the order in which they were asked."""
    width = min(shutil.get_terminal_size((100, 24)).columns, 120)
    lines = ["usage: ./train.sh EXPERIMENT [--option VALUE ...]", ""]
    lines += textwrap.wrap(_subject(experiment), width)
    for owner in dict.fromkeys(option.owner for option in declarations.options.values()):
        lines += ["", f"{owner} options"]
        for option in declarations.options.values():
            if option.owner == owner:
                lines += _entry(option, resolved, width)
    return "\n".join(lines)


def _subject(experiment: Path | None) -> str:
    if experiment:
        return f"The values for {readable(experiment)}. In brackets: where a value was given, and the default."
    known = ", ".join(f"{path.parent.name}/{path.stem}" for path in list_experiments())
    return f"The default values. Name an experiment for its own: {known or 'there are none'}."


def _entry(option: Option, resolved: Resolved, width: int) -> Iterator[str]:
    value = as_text(resolved.values[option.name])
    head = f"  {_names(option)} {value or repr(value)}"
    text = option.help + _choices(option)
    if source := resolved.sources.get(option.name):
        text += f" [{os.path.basename(source)}; default {as_text(option.default) or repr('')}]"
    indent = " " * MARGIN
    body = textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent)
    if body and len(head) < MARGIN:
        body[0] = head + body[0][len(head) :]
    else:
        yield head
    yield from body


def _names(option: Option) -> str:
    dashes = "--[no-]" if option.is_flag else "--"
    strings = [string for string in option.action.option_strings if not string.startswith("--no_")]
    return ", ".join(dashes + string.removeprefix("--") for string in strings)


def _choices(option: Option) -> str:
    choices = [str(choice) for choice in option.action.choices or () if choice != ""]
    return f" ({', '.join(choices)})" if choices else ""
