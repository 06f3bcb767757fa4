"""The site is built without a warning, where the extra [docs] is installed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import PROJECT

LOADED = re.compile(r'<(?:script|img|link)[^>]+(?:src|href)="(https?://[^"]+)"')
"""What a browser fetches of its own accord."""


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    for needed in ("mkdocs", "material", "latex2mathml"):
        pytest.importorskip(needed)
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    pages = [page.read_text(encoding="utf-8") for page in sorted((tmp_path / "site").rglob("*.html"))]
    assert len(pages) > 20
    assert [address for page in pages for address in LOADED.findall(page)] == []
    assert any("<math " in page for page in pages)
