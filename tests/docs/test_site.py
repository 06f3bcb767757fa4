"""The site is built without a warning; what builds it is among the development tools."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.docs.pages import PROJECT

LOADED = re.compile(r'<(?:script|img|link)[^>]+(?:src|href)="(https?://[^"]+)"')
"""What a browser fetches of its own accord."""


def test_what_builds_the_site_is_installed_for_developers() -> None:
    extras = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert set(extras["docs"]) <= set(extras["dev"])


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    pages = [page.read_text(encoding="utf-8") for page in sorted((tmp_path / "site").rglob("*.html"))]
    assert len(pages) > 20
    assert [address for page in pages for address in LOADED.findall(page)] == []
    assert any("<math " in page for page in pages)
