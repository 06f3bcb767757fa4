"""Every plain-valued argument of Lightning's `Trainer` as an option, and the way back to the Trainer's arguments."""

import argparse
import ast
import functools
import importlib.util
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from option_values import natural, positive
from training.options.grammar import WORDS, FlagAction, OptionGroup

OWNER = "trainer"

READERS: dict[str, Callable[[str], Any]] = {
    "int": int,
    "float": float,
    "list[int]": lambda text: [int(part) for part in text.split(",")],
    "str": str,
}
"""How the text of each type is read, in the order in which they are tried."""

NAMED_TYPES = {"_PATH": "str", "_PRECISION_INPUT": "str", "_LITERAL_WARN": "warn"}
"""Lightning's own names for plain types."""

PRECISIONS = {"16": "16-mixed", "bf16": "bf16-mixed", "32": "32-true", "64": "64-true"}
"""What Lightning's older names of precisions mean."""


def precision(text: str) -> str | None:
    """The name of a precision by which Lightning goes today."""
    return None if text.lower() in ("none", "null") else PRECISIONS.get(text, text)


STRICTER: dict[str, Callable[[str], Any]] = {
    "accumulate_grad_batches": positive,
    "log_every_n_steps": natural,
    "precision": precision,
}
"""Arguments whose values Lightning does not look at, or gives several names."""

DECIDED = {"use_distributed_sampler": False}
"""Arguments that are no options: `training.batches` shares the windows among the processes."""
OF_THE_RUN = {"default_root_dir"}
"""Arguments that are no options either, since each run has its folder."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PlainValue:
    """Reads a value that may be of several plain types."""

    types: frozenset[str]
    optional: bool

    def __call__(self, text: str) -> Any:
        """The value; argparse.ArgumentTypeError where the text fits none of the types."""
        if self.optional and text.lower() in ("none", "null"):
            return None
        if "bool" in self.types and text.lower() in WORDS and not ("int" in self.types and text.isdigit()):
            return WORDS[text.lower()]
        if "warn" in self.types and text == "warn":
            return text
        for name in READERS:
            if name in self.types:
                try:
                    return READERS[name](text)
                except ValueError:
                    continue
        raise argparse.ArgumentTypeError(f"{text!r} is none of {self}")

    def __str__(self) -> str:
        return ", ".join([*sorted(self.types), *["none"] * self.optional])


@dataclass(frozen=True)
class Argument:
    """One argument of the Trainer."""

    name: str
    value: PlainValue
    default: Any
    help: str


def add_options(group: OptionGroup) -> None:
    """Declare an option for each plain-valued argument of the installed Trainer."""
    for argument in arguments():
        action: dict[str, Any] = {"action": FlagAction} if "bool" in argument.value.types else {}
        value = STRICTER.get(argument.name, argument.value)
        group.add_argument(f"--{argument.name}", type=value, default=argument.default, help=argument.help, **action)


def trainer_arguments(opt: argparse.Namespace) -> dict[str, Any]:
    """The keyword arguments for `Trainer(...)` that the options ask for, `--gpus` among them.

    Without a GPU, `--gpus` gives one warning and training on the CPU.
    """
    chosen = DECIDED | {argument.name: getattr(opt, argument.name) for argument in arguments()}
    if opt.gpus is not None:
        chosen |= _devices(opt.gpus)
    return chosen


@functools.cache
def arguments() -> tuple[Argument, ...]:
    """The plain-valued arguments of the installed Trainer, read from its source: importing it would take seconds."""
    init = _trainer_init()
    helps = _helps(ast.get_docstring(init) or "")
    found = []
    for parameter, default in zip(init.args.kwonlyargs, init.args.kw_defaults, strict=True):
        value = _plain_value(parameter.annotation)
        if value.types and default is not None and parameter.arg not in DECIDED.keys() | OF_THE_RUN:
            found.append(Argument(parameter.arg, value, ast.literal_eval(default), helps.get(parameter.arg, "")))
    return tuple(found)


def _devices(gpus: Any) -> dict[str, Any]:
    import torch  # here, since printing help must not wait for it

    if gpus == 0:
        return {"accelerator": "cpu", "devices": 1}
    if not torch.cuda.is_available():
        log.warning("--gpus %s: this machine has no GPU that torch can use; training on the CPU", gpus)
        return {"accelerator": "cpu", "devices": 1}
    return {"accelerator": "gpu", "devices": gpus}


def _trainer_init() -> ast.FunctionDef:
    package = importlib.util.find_spec("pytorch_lightning")
    if package is None or package.origin is None:
        raise LookupError("pytorch-lightning is not installed; ./train.sh installs what requirements.txt names")
    source = Path(package.origin).parent / "trainer" / "trainer.py"
    for node in ast.parse(source.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and node.name == "Trainer":
            return next(each for each in node.body if isinstance(each, ast.FunctionDef) and each.name == "__init__")
    raise LookupError(f"{source} has no class Trainer; install the pytorch-lightning that requirements.txt names")


def _plain_value(annotation: ast.expr | None) -> PlainValue:
    names = set(_type_names(annotation))
    plain = {"bool", "warn", *READERS}
    return PlainValue(frozenset({NAMED_TYPES.get(name, name) for name in names} & plain), optional="None" in names)


def _type_names(annotation: ast.expr | None) -> Iterator[str]:
    """The alternatives of an annotation, however it is written: `Optional[int]`, `Union[int, None]`, `int | None`."""
    match annotation:
        case ast.Subscript(value=ast.Name(id="Optional"), slice=inner):
            yield "None"
            yield from _type_names(inner)
        case ast.Subscript(value=ast.Name(id="Union"), slice=ast.Tuple(elts=parts)):
            for part in parts:
                yield from _type_names(part)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            yield from _type_names(left)
            yield from _type_names(right)
        case ast.expr():
            yield ast.unparse(annotation)


def _helps(docstring: str) -> dict[str, str]:
    """The first sentence about each argument in the `Args:` of a docstring."""
    section = docstring.partition("Args:")[2].partition("\n\nRaises:")[0]
    entries = re.findall(r"^    (\w+): (.*?)(?=^    \w+: |\Z)", section, flags=re.MULTILINE | re.DOTALL)
    return {name: _first_sentence(text) for name, text in entries}


def _first_sentence(text: str) -> str:
    flat = re.sub(r":\w+:`~?([^`]*)`", r"\1", " ".join(text.split())).replace("`", "")
    return re.split(r"\.(?= |$)", flat)[0]
