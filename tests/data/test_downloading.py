"""Downloads go on where they broke off, are what was published, and are in place only when whole."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from data.downloading import BLOCK, Download, fetch
from tests.data.server import Server, serving

CONTENT = np.random.default_rng(0).bytes(3 * BLOCK + 17)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(CONTENT) as server:
        yield server


def fetched(server: Server, folder: Path, sha256: str | None = SHA256, tries: int = 3) -> Path:
    return fetch(Download(server.url, "file.zip", sha256), folder, progress=False, tries=tries, pause_s=0.0)


def test_a_file_comes_whole_and_nothing_else_is_left(server: Server, tmp_path: Path) -> None:
    path = fetched(server, tmp_path / "new")
    assert path.read_bytes() == CONTENT
    assert [each.name for each in path.parent.iterdir()] == ["file.zip"]
    fetched(server, tmp_path / "new")
    assert server.asked == [None]


def test_broken_connections_are_continued_where_they_broke(server: Server, tmp_path: Path) -> None:
    server.faults = [BLOCK + 5, "nothing", "503", BLOCK, "nothing", 3, 11]
    assert fetched(server, tmp_path).read_bytes() == CONTENT
    received = [0, BLOCK + 5, BLOCK + 5, BLOCK + 5, 2 * BLOCK + 5, 2 * BLOCK + 5, 2 * BLOCK + 8, 2 * BLOCK + 19]
    assert server.asked == [f"bytes={start}-" if start else None for start in received]


def test_another_run_goes_on_where_one_gave_up(server: Server, tmp_path: Path) -> None:
    server.faults = [BLOCK, *["nothing"] * 3]
    with pytest.raises(ConnectionError, match=rf"{BLOCK} bytes are kept in .*\.zip\.part; the same command goes on"):
        fetched(server, tmp_path)
    assert not (tmp_path / "file.zip").exists()
    assert fetched(server, tmp_path).read_bytes() == CONTENT
    assert server.asked[-1] == f"bytes={BLOCK}-"


def test_a_server_that_cannot_continue_is_asked_for_all_of_it(server: Server, tmp_path: Path) -> None:
    server.ranges = False
    server.faults = [BLOCK + 100]
    assert fetched(server, tmp_path).read_bytes() == CONTENT


def test_a_part_of_another_version_is_thrown_away(server: Server, tmp_path: Path) -> None:
    server.faults = [BLOCK, *["nothing"] * 3]
    with pytest.raises(ConnectionError):
        fetched(server, tmp_path)
    server.content = CONTENT[::-1]
    assert fetched(server, tmp_path, None).read_bytes() == CONTENT[::-1]


def test_a_part_that_is_whole_already_is_not_asked_for_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.zip.part").write_bytes(CONTENT)
    assert fetched(server, tmp_path).read_bytes() == CONTENT
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file.zip.part").write_bytes(CONTENT + b"more")
    assert fetched(server, tmp_path / "other").read_bytes() == CONTENT


def test_a_file_that_is_not_the_published_one_is_not_kept(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"sha256 {SHA256}, and 0000 is wanted; nothing is kept"):
        fetched(server, tmp_path, "0000")
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_is_told_at_once(server: Server, tmp_path: Path) -> None:
    server.faults = ["404"]
    with pytest.raises(FileNotFoundError, match=r"answers 404 .*put it into .* as file\.zip"):
        fetched(server, tmp_path)
    assert len(server.asked) == 1


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    with serving(b"") as server:
        url = server.url
    with pytest.raises(ConnectionError, match=rf"{url} could not be fetched: .*refused"):
        fetch(Download(url, "file.zip"), tmp_path, progress=False, tries=2, pause_s=0.0)


def test_only_addresses_of_the_web_are_fetched(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no address of the web"):
        fetch(Download("file:///etc/hostname", "file.zip"), tmp_path)
