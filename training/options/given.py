"""What a user has given: the settings of a file, and the arguments of a command line, which count for more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.options.experiments import Setting
from training.options.grammar import Declarations, Option
from training.options.mistakes import unknown_argument, unknown_option
from training.options.paths import Folder, home

COMMAND_LINE = "the command line"


@dataclass(frozen=True)
class Resolved:
    """The value of every option, and for those that were given, where."""

    values: dict[str, Any]
    sources: Mapping[str, str]


@dataclass(frozen=True)
class Given:
    """Options as written, before anything is known of their types."""

    arguments: Sequence[str]
    settings: Sequence[Setting] = ()

    def resolve(self, declarations: Declarations, strict: bool = False) -> Resolved:
        """The value of each option declared so far: the command line's, else the file's, else the default.

        ValueError: a value is not of its option's type, an option is given twice, or, if `strict`, is not declared.
        """
        in_file, sources = self._read_file(declarations, strict)
        in_line, rest = declarations.read(self.arguments)
        if strict and rest:
            raise unknown_argument(rest[0], declarations)
        values = {
            name: _located(in_file.get(name, option.default), home()) for name, option in declarations.options.items()
        }
        values |= {name: _located(value, Path.cwd()) for name, value in in_line.items()}
        return Resolved(values, {**sources, **dict.fromkeys(in_line, COMMAND_LINE)})

    def _read_file(self, declarations: Declarations, strict: bool) -> tuple[dict[str, Any], dict[str, str]]:
        values: dict[str, Any] = {}
        sources: dict[str, str] = {}
        for setting in self.settings:
            option = declarations.option(setting.name)
            if option is None:
                if strict:
                    raise unknown_option(setting.name, setting.where, declarations)
                continue
            if option.name in sources:
                raise ValueError(f"{setting.where}: {option.name} is set already, at {sources[option.name]}")
            values[option.name] = _read(option, setting, declarations)
            sources[option.name] = setting.where
        return values, sources


def _read(option: Option, setting: Setting, declarations: Declarations) -> Any:
    if setting.text is None:
        if option.may_be_none:
            return None
        raise ValueError(f"{setting.where}: {setting.name} cannot be null; leave the line out for {option.default!r}")
    try:
        values, _ = declarations.read(option.arguments(setting.text))
    except ValueError as error:
        raise ValueError(f"{setting.where}: {error}") from error
    return values[option.name]


def _located(value: Any, base: Path) -> Any:
    return value.located(base) if isinstance(value, Folder) else value
