"""The reference tells every option of everything that can be found, with its default and its meaning."""

import argparse
import importlib
import importlib.util
import re
from types import ModuleType
from typing import NoReturn

import pytest

import registry
from tests.docs.pages import PROJECT
from training.options import base, trainer
from training.options.grammar import Declarations, Option


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference", PROJECT / "docs" / "hooks" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pages(reference: ModuleType) -> dict[str, str]:
    return reference.pages()


def sections(page: str) -> dict[str, str]:
    """The text under each heading of the second rank."""
    return {part.partition("\n")[0]: part for part in page.split("\n## ")[1:]}


def options_of(*declare: object) -> list[Option]:
    declarations = Declarations()
    for each in declare:
        each(declarations.group("any"))  # type: ignore[operator]
    return list(declarations.options.values())


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        ("models.md", "model"),
        ("datasets.md", "dataset"),
        ("features.md", "features"),
        ("metrics.md", "metric"),
        ("renderers.md", "renderer"),
        ("corpora.md", "corpus"),
    ],
)
def test_everything_that_can_be_found_has_a_section(pages: dict[str, str], page: str, kind: str) -> None:
    found = sections(pages[page])
    assert list(found) == registry.names(kind)
    assert all(len(text.splitlines()) > 2 for text in found.values())


@pytest.mark.parametrize(("page", "kind"), [("models.md", "model"), ("datasets.md", "dataset")])
def test_every_option_is_told_with_its_default_and_meaning(pages: dict[str, str], page: str, kind: str) -> None:
    for name, text in sections(pages[page]).items():
        for option in options_of(registry.find(kind, name).modify_commandline_options):  # type: ignore[attr-defined]
            check_row(option, text)


def test_the_options_of_every_run_are_told(pages: dict[str, str]) -> None:
    for option in options_of(base.add_options, trainer.add_options):
        check_row(option, pages["index.md"])


def check_row(option: Option, text: str) -> None:
    """Fail unless a table has a row for an option, with three cells that say something."""
    rows = [line for line in text.splitlines() if line.startswith("|") and f"`--{option.name}`" in line.split("|")[1]]
    aliases = [line for line in text.splitlines() if line.startswith(f"| `{option.action.option_strings[0]}`")]
    row = (rows or aliases)[0]
    _, _, default, meaning, _ = row.replace(r"\|", "/").split("|")
    assert value_in(default.strip(), option) == (None if option.default in ("", ()) else option.default), row
    assert meaning.strip(), row


@pytest.mark.parametrize("cell", ["`1`", "`false`", "none", "0"])
def test_a_row_with_another_default_is_found_out(cell: str) -> None:
    [seed] = [option for option in options_of(base.add_options) if option.name == "seed"]
    check_row(seed, "| `--seed` | `0` | seeds |")
    with pytest.raises((AssertionError, argparse.ArgumentTypeError)):
        check_row(seed, f"| `--seed` | {cell} | seeds |")


def value_in(cell: str, option: Option) -> object:
    """What an option's own type reads in a cell of the table."""
    if cell == "none":
        return None
    assert re.fullmatch("`[^`]+`", cell)
    read = option.action.type or str
    assert callable(read)
    text = cell.strip("`")
    return [read(part) for part in text.split(",")] if option.action.nargs in ("+", "*") else read(text)


def test_every_command_is_shown(reference: ModuleType, pages: dict[str, str]) -> None:
    shown = [module for modules in reference.COMMANDS.values() for module in modules]
    programs = {
        path.relative_to(PROJECT).with_suffix("").as_posix().replace("/", ".")
        for package in ("feature_extraction", "models", "training", "inference", "analysis", "data")
        for path in (PROJECT / package).rglob("*.py")
        if "command.run(main)" in path.read_text(encoding="utf-8")
    }
    studies = {study.__module__ for study in importlib.import_module("analysis.study").STUDIES.values()}
    assert programs - studies - {"training.train"} == {
        module for module in shown if f"### {module}\n" in pages["commands.md"]
    }


def test_every_kind_of_a_command_is_shown_with_its_options(
    reference: ModuleType, pages: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = dict(re.findall(r"^### ([^\n]+)\n\n```text\n(.+?)\n```$", pages["commands.md"], re.MULTILINE | re.DOTALL))
    expected = {module for modules in reference.COMMANDS.values() for module in modules}
    for module in [*expected]:
        expected |= {f"{module} {kind}" for kind in kinds(module, monkeypatch)}
    assert blocks.keys() == expected
    assert all(len(text.splitlines()) > 1 for text in blocks.values())
    for name, option in (
        ("feature_extraction.bvh_tools retarget", "--skeleton_rest"),
        ("analysis.study demo", "--songs"),
    ):
        assert option in blocks[name]


def kinds(module: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The first arguments that a command chooses between, as its parser has them."""
    if module == "analysis.study":
        return list(importlib.import_module(module).STUDIES)
    found: list[str] = []

    def parse(self: argparse.ArgumentParser, *_: object) -> NoReturn:
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                found.extend(action.choices)
        raise SystemExit

    main = importlib.import_module(module).main
    monkeypatch.setattr(argparse.ArgumentParser, "parse_known_args", parse)
    with pytest.raises(SystemExit):
        main(["--help"])
    monkeypatch.undo()
    return found


def test_defaults_name_no_folder_of_this_machine(pages: dict[str, str]) -> None:
    assert not any(str(PROJECT) in text for text in pages.values())
