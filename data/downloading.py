"""Files fetched over HTTP: continued where a connection broke, checked by their sha256, in place only when whole."""

import hashlib
import http.client
import logging
import os
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from tqdm import tqdm

from data.archives import unpack
from feature_extraction.store import locked, save_json

log = logging.getLogger(__name__)

TRIES = 6
"""How often in a row a connection may bring nothing new before it is given up."""
PAUSE_S = 1.0
"""The wait after the first failure, seconds; each further one in a row doubles it."""
TIMEOUT_S = 30.0
BLOCK = 1 << 20
PART = ".part"
"""The ending of what has come so far of a file."""
ETAG = ".etag"
"""The ending, after that, of what the server calls the version of which a part has come."""
UNPACKED = "unpacked.json"
"""The file that says that all of an archive has been unpacked beside it, written last."""
PASSING = {408, 425, 429, 500, 502, 503, 504}
"""Answers of a server that may be other ones a moment later."""
WHOLE_ALREADY = 416
BROKEN = (URLError, http.client.HTTPException, ConnectionError, TimeoutError, ssl.SSLError)


@dataclass(frozen=True)
class Download:
    """A file that anyone may fetch; `sha256` (hexadecimal) and `size` (bytes) where they are published."""

    url: str
    name: str
    sha256: str | None = None
    size: int | None = None


def obtain(volumes: Sequence[Download], folder: Path, wanted: Callable[[Path], bool], progress: bool = True) -> None:
    """Fetch an archive, in one file or in volumes, into a folder, and unpack there what is `wanted` of it."""
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        unpack([fetch(each, folder, progress=progress) for each in volumes], folder, wanted, progress)
        save_json(folder / UNPACKED, {"archives": [each.name for each in volumes]})


def is_half_unpacked(volumes: Sequence[Download], folder: Path) -> bool:
    """Whether an archive lies in a folder, and nothing says that all of it is unpacked."""
    return not (folder / UNPACKED).is_file() and any((folder / each.name).is_file() for each in volumes)


def fetch(
    download: Download, folder: Path, *, progress: bool = True, tries: int = TRIES, pause_s: float = PAUSE_S
) -> Path:
    """Bring a file into a folder and give its path; one that is there is left, one that came in part is continued.

    Raises:
        ValueError: for an address that is not http or https, or a file that is not the one which was published.
        FileNotFoundError: when the server says that the file is not to be had.
        ConnectionError: when `tries` connections in a row bring nothing new; what has come is kept.
    """
    if urlsplit(download.url).scheme not in ("http", "https"):
        raise ValueError(f"{download.url} is no address of the web; http://... or https://... is wanted")
    target = folder / download.name
    if target.is_file():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + PART)
    failures = 0
    with _bar(download, part, progress) as bar:
        while True:
            before = _size(part)
            try:
                _continue(download, part, bar)
                break
            except BROKEN as error:
                failures = 0 if _size(part) > before else failures + 1
                if failures >= tries:
                    raise ConnectionError(_given_up(download, part, error)) from error
                log.debug("%s: %s; trying again", download.url, error)
                time.sleep(pause_s * 2 ** max(0, failures - 1))
    _check(download, part)
    os.replace(part, target)
    _etag_path(part).unlink(missing_ok=True)
    return target


def _continue(download: Download, part: Path, bar: tqdm) -> None:
    """Receive what is missing of a file; an error of BROKEN when the connection ends before the file does."""
    have = _size(part)
    headers = {"User-Agent": "terpsichore", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
        if _etag_path(part).is_file():
            headers["If-Range"] = _etag_path(part).read_text(encoding="utf-8")
    try:
        response = urlopen(Request(download.url, headers=headers), timeout=TIMEOUT_S)
    except HTTPError as error:
        if error.code == WHOLE_ALREADY and have:
            if _total(error.headers.get("Content-Range")) != have:
                part.unlink()
                raise ConnectionResetError("the file is another one now") from error
            return
        if error.code in PASSING:
            raise
        raise FileNotFoundError(
            f"{download.url} answers {error.code} {error.reason}; the file may have moved or want a login: fetch it "
            f"with a browser and put it into {part.parent} as {download.name}"
        ) from error
    with response:
        _receive(response, part, have if response.status == http.HTTPStatus.PARTIAL_CONTENT else 0, bar)


def _receive(response: http.client.HTTPResponse, part: Path, have: int, bar: tqdm) -> None:
    """Append a response to the `have` bytes that are there, in place of all further ones."""
    announced = response.headers.get("Content-Length")
    total = have + int(announced) if announced else None
    if etag := response.headers.get("ETag"):
        _etag_path(part).write_text(etag, encoding="utf-8")
    bar.total = total or bar.total
    bar.n = have
    with part.open("r+b" if have else "wb") as file:
        file.truncate(have)
        file.seek(have)
        while block := response.read(BLOCK):
            file.write(block)
            bar.update(len(block))
    if total is not None and _size(part) != total:
        raise ConnectionResetError(f"it broke off after {_size(part)} of {total} bytes")


def _check(download: Download, part: Path) -> None:
    """Compare a whole file with what was published, and delete it where it is another one."""
    with part.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if download.sha256 is None:
        log.info("%s has the sha256 %s; none was published to compare it with", download.name, found)
    elif found != download.sha256:
        size = _size(part)
        part.unlink()
        _etag_path(part).unlink(missing_ok=True)
        raise ValueError(
            f"{download.url} gave {size} bytes with the sha256 {found}, and {download.sha256} is wanted; nothing is "
            "kept. The transfer was damaged, or the file was exchanged: try again, or fetch it yourself"
        )


@contextmanager
def _bar(download: Download, part: Path, progress: bool) -> Iterator[tqdm]:
    bar = tqdm(
        total=download.size,
        initial=_size(part),
        desc=download.name,
        unit="B",
        unit_scale=True,
        disable=None if progress else True,
        dynamic_ncols=True,
    )
    with bar:
        yield bar


def _given_up(download: Download, part: Path, error: BaseException) -> str:
    reason = getattr(error, "reason", None) or error or type(error).__name__
    kept = f"{_size(part)} bytes are kept in {part}; " if _size(part) else ""
    return f"{download.url} could not be fetched: {reason}; {kept}the same command goes on from there"


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _etag_path(part: Path) -> Path:
    return part.with_name(part.name + ETAG)


def _total(content_range: str | None) -> int | None:
    """Give the size that `bytes */1234` tells, as a server answers who has nothing to add."""
    size = (content_range or "").rpartition("/")[2]
    return int(size) if size.isdigit() else None
