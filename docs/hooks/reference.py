"""The reference pages of the site, made at building time of what the code declares; mkdocs calls `on_files`."""

import contextlib
import importlib
import inspect
import io
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

    from training.options.grammar import Option

PROJECT = Path(__file__).resolve().parents[2]
COMMANDS = {
    "Features": ("feature_extraction.extract", "feature_extraction.check", "feature_extraction.corpus_tools"),
    "BVH files": ("feature_extraction.bvh_tools",),
    "Corpora": ("data.make", "analysis.corpus"),
    "Training": ("training.runs", "training.search"),
    "Generation": ("inference.generate", "inference.decode", "inference.share", "inference.app"),
    "Evaluation": ("analysis.evaluate", "analysis.study", "analysis.attention", "analysis.benchmark"),
    "Others' weights": ("models.importers.transflower_lightning", "models.importers.genea"),
}
"""The commands whose help is shown; ./train.sh's options are pages of their own."""
WIDTH = "100"
KIND = re.compile(r"^ {4}(\w+)(?: {2}|$)", re.MULTILINE)
"""A line of a command's help that names a kind of it, as `retarget` of bvh_tools; each kind has help of its own."""


def on_files(files: "Files", config: "MkDocsConfig") -> "Files":
    """Add the pages to those that lie in the folder."""
    from mkdocs.structure.files import File

    if str(PROJECT) not in sys.path:
        sys.path.insert(0, str(PROJECT))
    for name, text in pages().items():
        files.append(File.generated(config, f"reference/{name}", content=text))
    return files


def pages() -> dict[str, str]:
    """Each page's name and text."""
    return {
        "index.md": _every_run(),
        "models.md": _classes("Models", "model", "--model", _model),
        "datasets.md": _classes("Data sets", "dataset", "--dataset_name", _options_of),
        "features.md": _classes("Features", "features", "a recipe's line", _extractor),
        "metrics.md": _classes("Metrics", "metric", "--metrics", _metric),
        "renderers.md": _classes("Forms of motion", "renderer", "--render", _nothing_more),
        "corpora.md": _classes("Corpora", "corpus", "python -m data.make", _corpus),
        "experiments.md": _experiments(),
        "commands.md": _commands(),
    }


def _every_run() -> str:
    from training.options import base, trainer
    from training.options.grammar import Declarations

    declarations = Declarations()
    base.add_options(declarations.group(base.OWNER))
    trainer.add_options(declarations.group(trainer.OWNER))
    owned = {owner: [o for o in declarations.options.values() if o.owner == owner] for owner in ("base", "trainer")}
    return "\n".join(
        [
            "# Options of every run\n",
            "What follows is made of what the code declares, when the site is built. `./train.sh EXPERIMENT --help`",
            "shows the same with the values of that experiment. Dashes and underscores in names are the same; a flag",
            "`--x` has a twin `--no-x`. In a YAML file an option is a line `x: value`.\n",
            "Besides these there are the options of the [model](models.md) and of the [data set](datasets.md).\n",
            "## The run, its data and its optimisation\n",
            _table(owned["base"]),
            "\n## Lightning's `Trainer`\n",
            "As the installed version documents them. Where the default is none, the Trainer chooses.\n",
            _table(owned["trainer"]),
        ]
    )


def _classes(title: str, kind: str, reached_by: str, more: Callable[[str, Any], str]) -> str:
    import registry

    parts = [f"# {title}\n", f"Reached by `{reached_by}`.\n"]
    for name in registry.names(kind):
        found = registry.find(kind, name)
        parts += [f"## {name}\n", _paragraphs(found), more(name, found)]
    return "\n".join(parts)


def _model(name: str, found: Any) -> str:
    text = f"Also found as {', '.join(f'`{alias}`' for alias in found.aliases)}.\n\n" if found.aliases else ""
    for prefix, option in found.sub_models.items():
        text += f"The options of `--{option}` have the prefix `{prefix}`.\n\n"
    return text + _options_of(name, found)


def _options_of(name: str, found: Any) -> str:
    from training.options.grammar import Declarations

    declarations = Declarations()
    found.modify_commandline_options(declarations.group(name))
    return _table(declarations.options.values()) if declarations.options else "It has no options.\n"


def _extractor(_: str, found: Any) -> str:
    back = ", and back" if found.reversible else ""
    lines = [
        f"From {found.source}{back}." + (f" Needs the extra `[{found.requires}]`." if found.requires else "") + "\n"
    ]
    parameters = [p for p in inspect.signature(found).parameters.values() if p.name not in ("fps", "state")]
    if parameters:
        lines += ["| parameter | default |", "|---|---|"]
        lines += [f"| `{p.name}` | {'' if p.default is p.empty else _code(p.default)} |" for p in parameters]
    return "\n".join(lines) + "\n"


def _metric(_: str, found: Any) -> str:
    variants = ", ".join(f"`:{variant}`" for variant in found.variants if variant)
    return f"Unit: {found.unit}. Best: {found.best}.{f' Variants: {variants}.' if variants else ''}\n"


def _corpus(_: str, found: Any) -> str:
    said = [("Licence", "licence"), ("Where to register or download", "home"), ("Layout of the download", "layout")]
    lines = [f"- {title}: {getattr(found, name)}" for title, name in said if getattr(found, name, "")]
    return "\n".join(lines) + "\n"


def _nothing_more(_: str, __: Any) -> str:
    return ""


def _experiments() -> str:
    parts = ["# Experiments\n", "Files in `training/hparams`; `./train.sh NAME` trains one.\n"]
    for path in sorted((PROJECT / "training" / "hparams").glob("*/*.yaml")):
        text = path.read_text(encoding="utf-8")
        head = re.match(r"((?:#.*\n)*)", text)
        said = " ".join(line.removeprefix("#").strip() for line in head[1].splitlines()) if head else ""
        parts += [
            f"## {path.parent.name}/{path.stem}\n",
            f"{_plain(said)}\n",
            f"```yaml\n{text[len(head[1]) :].strip()}\n```\n",
        ]
    return "\n".join(parts)


def _commands() -> str:
    parts = [
        "# Commands\n",
        "What each says of itself with `--help`. Write `.venv/bin/python` where there is `python`.\n",
    ]
    for title, modules in COMMANDS.items():
        parts.append(f"## {title}\n")
        for module in modules:
            parts += [f"### {module}\n", f"```text\n{help_of(module)}\n```\n"]
            for kind in KIND.findall(help_of(module)):
                parts += [f"### {module} {kind}\n", f"```text\n{help_of(module, kind)}\n```\n"]
    return "\n".join(parts)


def help_of(module: str, *arguments: str) -> str:
    """What a command prints for `--help`."""
    printed, width = io.StringIO(), os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = WIDTH
    try:
        with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
            importlib.import_module(module).main([*arguments, "--help"])
    finally:
        os.environ.pop("COLUMNS")
        if width is not None:
            os.environ["COLUMNS"] = width
    text = printed.getvalue().replace(str(PROJECT), ".").strip()
    assert text, f"{module} prints nothing for {' '.join([*arguments, '--help'])}"
    return text


def _table(options: Iterable["Option"]) -> str:
    rows = ["| option | default | meaning |", "|---|---|---|"]
    for option in options:
        choices = [str(choice) for choice in option.action.choices or () if choice != ""]
        meaning = _plain(option.help) + (f": {', '.join(choices)}" if choices else "")
        rows.append(f"| {_names(option)} | {_code(option.default)} | {meaning} |")
    return "\n".join(rows) + "\n"


def _names(option: "Option") -> str:
    given: Sequence[str] = [each for each in option.action.option_strings if not each.startswith("--no_")]
    return ", ".join(f"`{each}`" for each in given)


def _code(value: Any) -> str:
    if isinstance(value, bool):
        value = "true" if value else "false"
    if value is None or value == "" or value == ():
        return "none"
    text = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return f"`{text}`"


def _paragraphs(found: Any) -> str:
    """A class's docstring as Markdown."""
    text = re.sub(r"``(.+?)``", r"`\1`", inspect.getdoc(found) or "")
    parts = [
        f"```python\n{part}\n```" if part.lstrip().startswith(">>>") else _plain(part) for part in text.split("\n\n")
    ]
    return "\n\n".join(parts) + "\n"


def _plain(text: str) -> str:
    """Text in which nothing but code is marked up."""
    pieces = re.split(r"(`[^`]*`)", text)
    return "".join(p if p.startswith("`") else re.sub(r"([|<*_\[\]])", r"\\\1", p) for p in pieces)
