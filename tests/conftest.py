"""Fixtures shared by all tests: where the real recordings and the reference numbers are."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import registry

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recordings and reference numbers: $TERPSICHORE_DATA, or `shared` beside the project."""
    return Path(os.environ.get("TERPSICHORE_DATA", PROJECT.parent / "shared"))


@pytest.fixture(scope="session")
def shared_data(shared: Path) -> Path:
    """The real recordings; tests that need them are skipped where they are absent."""
    return _existing(shared / "data")


@pytest.fixture(scope="session")
def parity(shared: Path) -> Path:
    """The numbers computed with reference implementations; tests that need them are skipped where they are absent."""
    return _existing(shared / "fixtures" / "parity")


@pytest.fixture
def plugin_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder for plugins; what is imported from it is forgotten after the test."""
    monkeypatch.setattr(registry, "_plugin_dirs", [])
    monkeypatch.setattr(sys, "path", [*sys.path])
    folder = tmp_path / "my plugins"
    folder.mkdir()
    yield folder
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent; set TERPSICHORE_DATA to the folder that holds it")
    return folder
