"""The rules of the house: who imports whom, what importing does, what is declared and what is packaged."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

PROJECT = Path(__file__).resolve().parents[1]
PACKAGES = ("feature_extraction", "models", "training", "inference", "analysis")
SINGLE = ("registry", "command", "option_values")
OURS = (*PACKAGES, "data", *SINGLE)
NOT_CODE = {"__pycache__", "experiments", "generated"}
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
DISTRIBUTIONS = packages_distributions()

MAY_IMPORT = {
    "registry": (),
    "command": (),
    "option_values": (),
    "feature_extraction": (),
    "models": (),
    "analysis.metrics": ("feature_extraction",),
    "analysis.render": ("feature_extraction",),
    "analysis": ("feature_extraction", "models"),
    "analysis.benchmark_train": ("analysis", "models", "training"),
    "analysis.benchmark_trainer": ("analysis", "models", "training"),
    "analysis.evaluation": ("feature_extraction", "models", "inference", "analysis.metrics", "data"),
    "inference": ("feature_extraction", "models", "analysis.metrics", "analysis.render"),
    "training.options": (),
    "training": ("feature_extraction", "models", "analysis.metrics", "analysis.render", "inference"),
    "data": ("feature_extraction",),
}
"""What the libraries of a package may import besides themselves, the registry and `option_values`.

The most particular name counts.
"""

NO_OPTIONS = ("feature_extraction", "models")
"""These never import training.options; the other packages may."""

NEVER = {
    "feature_extraction": ("torch", "pytorch_lightning"),
    "analysis.render": ("torch", "pytorch_lightning"),
    "data": ("torch", "pytorch_lightning"),
    "models": ("pytorch_lightning",),
    "training.options": ("pytorch_lightning",),
}
"""Heavy libraries that a package does without, so that a command which needs only that package starts fast."""


def sources() -> dict[str, Path]:
    """Each module of the project, `tests` aside, and its file."""
    files = [*(PROJECT / f"{name}.py" for name in SINGLE), *PROJECT.glob("data/*.py")]
    for package in PACKAGES:
        files += [path for path in PROJECT.glob(f"{package}/**/*.py") if not NOT_CODE & set(path.parts)]
    return {module_name(path): path for path in sorted(files)}


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


SOURCES = sources()
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in SOURCES.items()}


def imported(module: str) -> Iterator[str]:
    """The modules that a module imports, at its top or where they are used."""
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module} imports relatively"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in SOURCES else str(node.module)


IMPORTS = {module: frozenset(imported(module)) for module in SOURCES}


def steps_of_commands() -> set[str]:
    """Modules that are imported, and by none but modules with a `main`."""
    importers = {module: {other for other in SOURCES if module in IMPORTS[other]} for module in SOURCES}
    return {module for module, by in importers.items() if by and by <= MAINS and module != "command"}


MAINS = {
    module
    for module, tree in TREES.items()
    if any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body)
}
COMMANDS = MAINS | steps_of_commands()
each_module = pytest.mark.parametrize("module", SOURCES)


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def rules_of(module: str, table: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    particular = [package for package in table if within(module, package)]
    return table[max(particular, key=len)] if particular else ()


@each_module
def test_libraries_import_only_what_lies_below_them(module: str) -> None:
    if module in COMMANDS:
        return
    home = max((package for package in MAY_IMPORT if within(module, package)), key=len)
    allowed = {home, "registry", "option_values", *rules_of(module, MAY_IMPORT)}
    if not any(within(module, package) for package in NO_OPTIONS):
        allowed.add("training.options")
    ours = [name for name in IMPORTS[module] if name.split(".")[0] in OURS]
    assert [name for name in ours if not any(within(name, package) for package in allowed)] == []


@each_module
def test_commands_are_imported_by_commands_only(module: str) -> None:
    if module not in COMMANDS:
        assert [name for name in IMPORTS[module] if name in COMMANDS or name == "command"] == []


@each_module
def test_heavy_libraries_stay_where_they_belong(module: str) -> None:
    assert [name for name in IMPORTS[module] if name.split(".")[0] in rules_of(module, NEVER)] == []


@each_module
def test_third_party_imports_are_declared(module: str) -> None:
    extras = PYPROJECT["project"]["optional-dependencies"]
    optional = [requirement for name, extra in extras.items() if name != "dev" for requirement in extra]
    declared = {Requirement(each).name.lower() for each in [*PYPROJECT["project"]["dependencies"], *optional]}
    declared |= set(extras)  # an extra bears the name that what it brings is imported by
    for name in {name.split(".")[0] for name in IMPORTS[module]} - set(sys.stdlib_module_names) - set(OURS):
        known = {each.lower() for each in DISTRIBUTIONS.get(name, [name])}
        assert known & declared, f"{module} imports {name}, which pyproject.toml does not declare"


@each_module
def test_a_module_begins_with_a_sentence_about_it(module: str) -> None:
    first = SOURCES[module].read_text(encoding="utf-8").splitlines()[0]
    assert re.fullmatch(r'r?""".+\.(""")?', first), f"{SOURCES[module]} begins with {first!r}"


def test_importing_has_no_effect_beyond_names(tmp_path: Path) -> None:
    code = """
import importlib, json, logging, sys
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
assert not logging.getLogger().handlers, "a module configures logging"
"""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", code, json.dumps([*SOURCES])]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


def test_pins_are_exact_and_within_the_declared_ranges() -> None:
    lines = (PROJECT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    ranges = {each.name: each for each in map(Requirement, PYPROJECT["project"]["dependencies"])}
    assert [pin.name for pin in pins] == sorted(ranges, key=str.lower)
    for pin in pins:
        [exact] = pin.specifier
        assert exact.operator == "=="
        assert ranges[pin.name].specifier.contains(exact.version)


def test_every_module_and_data_file_is_packaged() -> None:
    settings = PYPROJECT["tool"]["setuptools"]
    assert {f"{name}.py" for name in settings["py-modules"]} == {path.name for path in PROJECT.glob("*.py")}
    assert settings["packages"]["find"]["include"] == [f"{package}*" for package in PACKAGES]
    patterns = [
        f"{package.replace('.', '/')}/{pattern}"
        for package, patterns in settings["package-data"].items()
        for pattern in patterns
    ]
    packaged = {path for pattern in patterns for path in PROJECT.glob(pattern)}
    for package in PACKAGES:
        for path in (PROJECT / package).rglob("*"):
            if path.is_dir() or NOT_CODE & set(path.parts):
                continue
            if path.suffix == ".py":
                assert (path.parent / "__init__.py").is_file(), f"{path.parent} has no __init__.py"
            else:
                assert path in packaged, f"{path} is not among the package data of pyproject.toml"


def test_the_project_cannot_be_uploaded_by_mistake() -> None:
    assert "Private :: Do Not Upload" in PYPROJECT["project"]["classifiers"]
