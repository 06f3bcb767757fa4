"""The page about a corpus."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from analysis.corpus import main
from tests.inference.conftest import corpus

__all__ = ["corpus"]  # the fixture


def test_a_corpus_is_described(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "page.html"
    assert main([str(corpus), "s1", "--output", str(path)]) == 0
    assert capsys.readouterr().out.strip() == str(path)
    text = path.read_text()
    for split in ("train", "val", "test"):
        assert f"<td>{split}</td>" in text
    assert "<h2>s1</h2>" in text
    assert "expmap_20" in text
    pictures = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(pictures) >= 4
    for picture in pictures:
        ElementTree.fromstring(picture)


def test_mistakes_are_said_in_one_line(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="no sequence 'nobody'"):
        main([str(corpus), "nobody"])
    with pytest.raises(ValueError, match="no motion and no sound"):
        main([str(tmp_path)])
