"""The one grammar of options, in files and on the command line: how they are declared, spelt and read."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
"""How a yes or a no may be written."""


@dataclass(frozen=True)
class Option:
    """One declared option: where it belongs, what it is when nobody gives it, and what it is for."""

    name: str
    owner: str
    default: Any
    help: str
    action: argparse.Action

    @property
    def is_flag(self) -> bool:
        """Whether the option is a yes or a no, with a `--no-` twin."""
        return isinstance(self.action, FlagAction)

    @property
    def may_be_none(self) -> bool:
        """Whether `null` in a file is a value of this option."""
        return self.default is None or getattr(self.action.type, "optional", False)

    def arguments(self, text: str) -> list[str]:
        """The command-line arguments that give this option the value in `text`."""
        name = f"--{self.name}" if f"--{self.name}" in self.action.option_strings else self.action.option_strings[0]
        if self.action.nargs in (None, "?"):
            return [f"{name}={text}"]
        return [name, *text.split(",")]


class FlagAction(argparse.Action):
    """`--mirror`, `--mirror=no` or `--no-mirror`; with a type of its own, a flag that may also have other values."""

    def __init__(self, option_strings: Sequence[str], dest: str, **keywords: Any):
        twins = [f"--no_{string.removeprefix('--')}" for string in option_strings]
        super().__init__([*option_strings, *twins], dest, nargs="?", **{"type": truth, **keywords})
        self.twins = frozenset(twins)

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Store what the flag says."""
        negated = option_string in self.twins
        if negated and values is not None:
            raise argparse.ArgumentError(self, f"{option_string} takes no value")
        setattr(namespace, self.dest, not negated if values is None else values)


class Declarations:
    """Collects options; it keeps their defaults apart, so that what was given can be told from what was not."""

    def __init__(self) -> None:
        self.options: dict[str, Option] = {}
        self._parser = _Parser(add_help=False, allow_abbrev=False, exit_on_error=False)
        self._names: dict[str, str] = {}

    def group(self, owner: str, prefix: str = "") -> "OptionGroup":
        """What a class declares its options with; `prefix` goes before each of their names."""
        return OptionGroup(self, owner, prefix)

    def option(self, name: str) -> Option | None:
        """The option of this name or alias, spelt with dashes or underscores, or None."""
        return self.options.get(self._names.get(underscored(name), ""))

    def names(self) -> list[str]:
        """All names and aliases, without dashes before them."""
        return list(self._names)

    def declare(self, owner: str, strings: Sequence[str], keywords: dict[str, Any]) -> None:
        """Add one option; `keywords` are those of argparse's `add_argument`. ValueError: it is declared already."""
        names = [underscored(string.lstrip("-")) for string in strings]
        for name in names:
            if known := self.option(name):
                raise ValueError(f"--{name} is declared by {known.owner} and by {owner}; an option has one owner")
        keywords = _without_flag_spellings(keywords)
        default, text = keywords.pop("default", None), keywords.pop("help", "") or ""
        if isinstance(default, str) and callable(keywords.get("type")):
            default = keywords["type"](default)
        dest = underscored(keywords.pop("dest", names[0]))
        keywords.pop("required", None)
        action = self._parser.add_argument(
            *(f"--{name}" for name in names), dest=dest, default=argparse.SUPPRESS, **keywords
        )
        self.options[dest] = Option(dest, owner, default, text, action)
        self._names |= dict.fromkeys([*names, dest], dest)

    def read(self, arguments: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
        """Return the options given in `arguments`, and the arguments that belong to no option declared so far.

        ValueError: a value is not of its option's type, or an option is given twice with different values.
        """
        given = _GivenOnce()
        try:
            _, rest = self._parser.parse_known_args([spelt(argument) for argument in arguments], given)
        except argparse.ArgumentError as error:
            raise ValueError(f"{(error.argument_name or '').split('/')[0]}: {error.message}") from error
        return vars(given), rest


@dataclass(frozen=True)
class OptionGroup:
    """The part of argparse's group that classes use to declare their options."""

    declarations: Declarations
    owner: str
    prefix: str = ""

    def add_argument(self, *strings: str, **keywords: Any) -> None:
        """Declare an option as argparse does; a `store_true` is a flag with a `--no-` twin."""
        if "dest" in keywords:
            keywords["dest"] = self.prefix + keywords["dest"]
        prefixed = [f"--{self.prefix}{string.lstrip('-')}" for string in strings]
        self.declarations.declare(self.owner, prefixed, keywords)


def truth(text: str) -> bool:
    """The yes or no that a word says."""
    if text.lower() not in WORDS:
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return WORDS[text.lower()]


def underscored(name: str) -> str:
    """The name with underscores, however it was spelt."""
    return name.replace("-", "_")


def spelt(argument: str) -> str:
    """The argument with its option's name (not its value) spelt with underscores."""
    if not argument.startswith("--"):
        return argument
    name, equals, value = argument[2:].partition("=")
    return f"--{underscored(name)}{equals}{value}"


def as_text(value: Any) -> str:
    """The value as one would write it after an option."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ",".join(map(as_text, value))
    return "none" if value is None else str(value)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise ValueError(message)


class _GivenOnce(argparse.Namespace):
    """A namespace that does not let an option be given two values."""

    def __setattr__(self, name: str, value: Any) -> None:
        before = vars(self).get(name, value)
        if before is not value and before != value:  # nan is not even itself
            raise ValueError(f"--{name} is given twice, as {as_text(before)} and as {as_text(value)}; leave one out")
        super().__setattr__(name, value)


_FLAG_SPELLINGS: Mapping[Any, bool | None] = {
    "store_true": False,
    "store_false": True,
    argparse.BooleanOptionalAction: None,
    FlagAction: None,
}


def _without_flag_spellings(keywords: dict[str, Any]) -> dict[str, Any]:
    """argparse's three ways to declare a flag, and `type=bool`, as our one."""
    action = keywords.get("action")
    if keywords.get("type") is bool:
        keywords = {key: value for key, value in keywords.items() if key != "type"}
    elif action not in _FLAG_SPELLINGS:
        return keywords
    return {"default": _FLAG_SPELLINGS.get(action), **keywords, "action": FlagAction}
