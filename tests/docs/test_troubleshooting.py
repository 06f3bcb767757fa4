"""Each message that the page on troubleshooting quotes is one that the code gives."""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import PROJECT

PAGE = PROJECT / "docs" / "troubleshooting.md"
QUOTED = re.findall(r"^### `(.+)`$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
GAP = "\0"
"""What stands in a message where it differs."""
PACKAGES = ("feature_extraction", "models", "training", "inference", "analysis", "data")


def messages_of(path: Path) -> Iterator[str]:
    """The texts in a file, with gaps where values are put in."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".sh":
        yield re.sub(r"\$\([^)]*\)|\$\w+", GAP, text)
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else GAP for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield re.sub(r"%[sdg]", GAP, node.value)


@functools.cache
def messages() -> tuple[str, ...]:
    """All texts of the project's code."""
    files = [path for package in PACKAGES for path in sorted((PROJECT / package).rglob("*.py"))]
    files += [PROJECT / "registry.py", PROJECT / "environment.sh"]
    return tuple(text for path in files for text in messages_of(path))


@pytest.mark.parametrize("quoted", QUOTED)
def test_the_code_gives_the_message(quoted: str) -> None:
    pattern = re.compile(".*".join(re.escape(part.strip()) for part in quoted.split("…")))
    assert len(quoted.replace("…", "").strip()) > 12
    assert any(pattern.search(text) for text in messages())


def test_a_message_that_is_not_there_is_found_out() -> None:
    assert not any("there is no experiment of yours" in text for text in messages())
