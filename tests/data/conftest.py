"""Corpora made of their miniatures, each once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from data import make
from feature_extraction.store import SPLITS, read_split
from tests.data.miniatures import WRITE

Make = Callable[..., Path]


def lists(folder: Path) -> dict[str, list[str]]:
    """The split lists of a corpus."""
    return {split: read_split(folder, split) for split in SPLITS}


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Makes the corpus of a name from its miniature; with `canonical=True` on the canonical skeleton."""
    folders: dict[tuple[str, bool], Path] = {}

    def corpus(name: str, canonical: bool = False) -> Path:
        if (name, canonical) not in folders:
            source = tmp_path_factory.mktemp(name)
            WRITE[name](source)
            before = {path: path.read_bytes() for path in source.rglob("*") if path.is_file()}
            folder = source.with_name(f"{source.name}_made")
            extra = ["--canonical_skeleton"] if canonical else []
            assert make.main([name, str(folder), "--source", str(source), "--jobs", "1", *extra]) == 0
            assert {path: path.read_bytes() for path in before} == before, "the download has been changed"
            folders[name, canonical] = folder
        return folders[name, canonical]

    return corpus
