"""What a reader of the README has written by the time that its commands are tried."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import registry
from tests.docs.pages import PROJECT, files


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The files that the README has its reader write, in the current folder."""
    monkeypatch.setattr(registry, "_plugin_dirs", [])
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(tmp_path)
    found = files(PROJECT / "README.md")
    for name, text in found.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")
    yield found
    for name in found:
        sys.modules.pop(Path(name).stem, None)
