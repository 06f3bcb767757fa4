"""Whether the project's commands understand a command line: their own parsers read it, and then they stop."""

import argparse
import importlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.docs.pages import PAGES, PROJECT, Command
from training.options import parse
from training.options.experiments import find_experiment

PLACEHOLDERS = {"EXPERIMENT": "quickstart", "foo": "quickstart", "bigger": "quickstart", "...": None}
"""Words that stand for others, and what for: an experiment, the run of one, or more of the same."""
OTHERS = {"python3", "pip", "tensorboard", "mkdocs", "cd", "git", "sysctl", "./test.sh", "codespell"}
"""Programs that are not the project's, and ./test.sh, which gives its arguments to pytest."""
NAMED = {name for page in PAGES for name in re.findall(r"--experiment_name (\w+)", page.read_text(encoding="utf-8"))}
"""Runs that the pages have their readers train."""
SCRIPT = re.compile(r'exec "\$python" -m (.+) "\$@"')


PYTHON = ".venv/bin/python"
"""The interpreter that ./train.sh installs into; another need not have what the project runs on."""


class Understood(BaseException):
    """Raised where a command would begin to work."""


def module_and_arguments(command: Command) -> tuple[str, list[str]] | None:
    """What a command line calls: a module of the project with its arguments; None for other programs."""
    words = [PLACEHOLDERS.get(word, word) for word in command.words]
    given = [word for word in words if word is not None]
    if given[0] == "srun":
        given = given[given.index(PYTHON) :]
    if given[0] == ".venv/bin/torchrun":
        given = [PYTHON, *given[given.index("-m") :]]
    while re.fullmatch(r"[A-Z_]+=.*", given[0]):
        given = given[1:]
    program = Path(given[0]).name
    if given[0] in OTHERS or program in OTHERS:
        return None
    if program.endswith(".sh"):
        found = SCRIPT.search((PROJECT / given[0]).read_text(encoding="utf-8"))
        assert found, f"{given[0]} runs no module"
        module, *first = found[1].split()
        return module, [*first, *given[1:]]
    assert given[:2] == [PYTHON, "-m"], f"{command.where}: how is {given[0]} to be checked?"
    return given[2], given[3:]


def stop_before_work(monkeypatch: pytest.MonkeyPatch, module: str, folder: Path) -> None:
    """Let the commands of a module stop as soon as they have understood their arguments.

    Runs and shared models that they ask for are there, empty, in ``folder``.
    """
    from inference import options, output_options

    original = argparse.ArgumentParser.parse_args

    def parse_args(self: argparse.ArgumentParser, *arguments: Any) -> NoReturn:
        raise Understood(original(self, *arguments))

    def read(parser: argparse.ArgumentParser, argv: Sequence[str]) -> NoReturn:
        opt = output_options.read(parser, argv)
        if opt.get("experiment") and not (folder / opt["experiment"] / "config.json").is_file():
            check_model(opt["experiment"], opt.get("plugin_dir", ""))
        raise Understood(opt)

    def parsed(argv: Sequence[str]) -> NoReturn:
        elsewhere = (
            [] if "--experiments_dir" in argv or "--serialize-dir" in argv else ["--experiments_dir", str(folder)]
        )
        raise Understood(parse([*argv, *elsewhere]))

    def measure(asked: argparse.Namespace) -> NoReturn:
        raise Understood(parse(["transformer", *asked.others]) if "others" in asked else asked)

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_args)
    target = importlib.import_module(module)
    for owner in (target, options):
        if getattr(owner, "read", None) is output_options.read:
            monkeypatch.setattr(owner, "read", read)
    for owner in (target, *(each for name, each in vars(target).items() if name.endswith("_study"))):
        if getattr(owner, "parse", None) is parse:
            monkeypatch.setattr(owner, "parse", parsed)
    for stage in [each for name, each in vars(target).items() if name.startswith("benchmark_")]:
        monkeypatch.setattr(stage, "measure", measure)


def check_model(name: str, plugins: str) -> None:
    """Fail unless a name can be a model's: a checkpoint or folder of the reader's, or the run of an experiment."""
    if "/" not in name and not name.endswith(".ckpt") and name not in NAMED:
        find_experiment(name, [Path(folder) for folder in plugins.split(",") if folder])


def understand(command: Command, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Fail unless the command's module exists and its parser takes the arguments."""
    called = module_and_arguments(command)
    if called is None:
        return
    module, arguments = called
    stop_before_work(monkeypatch, module, folder)
    main = importlib.import_module(module).main
    try:
        code = main(arguments)
    except Understood:
        code = 0
    except SystemExit as end:
        code = end.code
    assert code == 0, f"{command.where}: {command}"
