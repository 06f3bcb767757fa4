"""Every command that a page shows is one that the project understands."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, PROJECT, Command, commands
from tests.docs.understanding import understand

COMMANDS = [command for page in PAGES for command in commands(page)]
BARE = re.compile(r"(?:^ *|`)((?:python|torchrun) .*)", re.MULTILINE)
"""A command of whatever Python comes first on the path, which need not have what the project runs on."""
TO_FOLLOW = [page for page in PAGES if page != PROJECT / "CHANGELOG.md"]


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_the_command_is_understood(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    understand(command, monkeypatch, tmp_path)


@pytest.mark.parametrize("page", TO_FOLLOW, ids=lambda page: str(page.relative_to(PROJECT)))
def test_python_is_that_of_the_environment(page: Path) -> None:
    assert BARE.findall(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("words", ["python -m training.runs", "torchrun -m training.train", "bin/python -m data.make"])
def test_another_python_is_found_out(words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AssertionError, match="how is"):
        understand(Command("", "", tuple(words.split())), monkeypatch, tmp_path)
