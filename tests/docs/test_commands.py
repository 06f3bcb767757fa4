"""Every command that a page shows is one that the project understands."""

import sys
from pathlib import Path

import pytest

import registry
from tests.docs.pages import PAGES, PROJECT, Command, commands, files
from tests.docs.understanding import understand

COMMANDS = [command for page in PAGES if page.name != "CHANGELOG.md" for command in commands(page)]


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_the_command_is_understood(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_plugin_dirs", [])
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name, text in files(PROJECT / "README.md").items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    understand(command, monkeypatch, tmp_path)
