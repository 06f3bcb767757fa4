"""Gathers the options of a run: declared by base, trainer, data set and models; given by a file and a command line."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import registry
from training.options import base, trainer
from training.options.contradictions import settle
from training.options.experiments import find_experiment, read_settings
from training.options.given import Given, Resolved
from training.options.grammar import Declarations, spelt
from training.options.help import help_text

HELP = {"-h", "--help"}
DEEPEST = 4
"""How many models may hold one another; beyond that, a model holds itself."""


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Return the resolved options of a run; `opt.experiment` is its name.

    `argv` is an experiment's name followed by options. What it does not say, the experiment's YAML file says, and what
    neither says is the default of whatever declares the option. `--help` prints all of it and exits.
    ValueError, LookupError, FileNotFoundError: an unknown experiment, class, option or value, or a contradiction.
    """
    name, arguments = _split([spelt(argument) for argument in argv if argument not in HELP])
    declarations = Declarations()
    base.add_options(declarations.group(base.OWNER))
    trainer.add_options(declarations.group(trainer.OWNER))
    given = Given(arguments)
    _add_plugins(given.resolve(declarations))
    path = _experiment_file(name, given.resolve(declarations))
    given = replace(given, settings=read_settings(path) if path else ())
    _add_plugins(given.resolve(declarations))
    _add_class(declarations, given, "dataset", "dataset_name")
    _add_class(declarations, given, "model", "model")
    resolved = settle(given.resolve(declarations, strict=True), declarations)
    resolved.values["experiment"] = resolved.values["experiment"] or (path.stem if path else "")
    if HELP & set(argv):
        print(help_text(declarations, resolved, path))
        sys.exit(0)
    if not resolved.values["experiment"]:
        raise ValueError("name an experiment first, as in ./train.sh quickstart, or give --experiment_name")
    if Path(resolved.values["experiment"]).name != resolved.values["experiment"]:
        raise ValueError(
            f"--experiment_name {resolved.values['experiment']} is a path; name the run, and its folder by "
            "--experiments_dir"
        )
    return argparse.Namespace(**resolved.values)


def _split(arguments: list[str]) -> tuple[str, list[str]]:
    """The experiment's name ("" without one) and the options that follow it."""
    if arguments and not arguments[0].startswith("-"):
        return arguments[0], arguments[1:]
    return "", arguments


def _experiment_file(name: str, resolved: Resolved) -> Path | None:
    """The file that holds the run's options: the experiment's, or the one kept with a run that is gone on with."""
    values = resolved.values
    run = values["experiment"] or Path(name).stem
    kept = Path(values["experiments_dir"]) / run / "hparams.yaml"
    goes_on = values["continue_train"] or values["load_weights_only"]
    if run and goes_on and values["load_hparams"] and kept.is_file():
        return kept
    wanted = values["hparams_file"] or name
    return find_experiment(wanted, registry.plugin_dirs()) if wanted else None


def _add_plugins(resolved: Resolved) -> None:
    for folder in filter(None, resolved.values["plugin_dir"].split(",")):
        registry.add_plugin_dir(folder)


def _add_class(
    declarations: Declarations, given: Given, kind: str, option: str, prefix: str = "", depth: int = 1
) -> None:
    """Let the class that `option` names declare its options, each with `prefix`, and then the models it holds."""
    resolved = given.resolve(declarations)
    name = resolved.values[option]
    if depth > DEEPEST:
        raise ValueError(f"--{option} {name}: {DEEPEST} models hold one another; name one that holds none")
    try:
        found: Any = registry.find(kind, name)
    except LookupError as error:
        raise LookupError(f"{resolved.sources.get(option, f'--{option}')}: {error.args[0]}") from error
    owner = f"{kind} {name}" + (f" as {prefix.rstrip('_')}" if prefix else "")
    found.modify_commandline_options(declarations.group(owner, prefix))
    for sub_prefix, sub_option in getattr(found, "sub_models", {}).items():
        _add_class(declarations, given, "model", prefix + sub_option, prefix + sub_prefix, depth + 1)
