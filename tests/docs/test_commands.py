"""Every command that a page shows is one that the project understands."""

from pathlib import Path

import pytest

from tests.docs.pages import PAGES, Command, commands
from tests.docs.understanding import understand

COMMANDS = [command for page in PAGES for command in commands(page)]


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_the_command_is_understood(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    understand(command, monkeypatch, tmp_path)
