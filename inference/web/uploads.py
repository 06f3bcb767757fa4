"""Files that come in: sounds and transcripts, checked as soon as they are there, a limited number of them kept."""

import secrets
import shutil
import threading
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path, PurePath
from typing import Protocol

from feature_extraction import store
from feature_extraction.audio import duration
from feature_extraction.text.formats import read_transcript
from inference.web.request_error import RequestError

BLOCK = 1 << 16
KINDS = ("audio", "text")
"""What can be uploaded, in the words of `store.SUFFIXES`."""
MEGABYTE = 1_000_000
LONGEST_LABEL = 80


class Source(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """So many bytes, or fewer at the end."""


@dataclass(frozen=True)
class Limits:
    """How much is taken."""

    megabytes: float = 100.0
    """Of one sound."""
    text_megabytes: float = 5.0
    """Of one transcript."""
    seconds: float = 600.0
    """Of sound."""
    files: int = 16
    """Kept at a time; the oldest go first."""


@dataclass(frozen=True)
class Upload:
    """A file that was taken. Its path is of our own making; `label` is what its owner calls it, for the eye only."""

    key: str
    kind: str
    label: str
    path: Path
    seconds: float = 0.0
    """How long a sound lasts."""


class Uploads:
    """The files of all users, in a folder of their own."""

    def __init__(self, folder: Path, limits: Limits):
        self.limits = limits
        self._folder = folder
        self._kept: dict[str, Upload] = {}
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)

    def announced(self, name: str, size: int) -> tuple[str, str]:
        """Kind and ending, as we spell it, of a file of which nothing is read yet; RequestError if it is unwanted."""
        kind, suffix = _ending(name)
        if not size:
            raise RequestError(f"{label_of(name)} is empty")
        most = self.limits.text_megabytes if kind == "text" else self.limits.megabytes
        if size > most * MEGABYTE:
            raise RequestError(
                f"{label_of(name)} has {size / MEGABYTE:,.1f} MB; at most {most:g} MB are taken",
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            )
        return kind, suffix

    def receive(self, name: str, size: int, source: Source) -> Upload:
        """Take `size` bytes of a file of this name from a stream; RequestError if it is not what its name says."""
        kind, suffix = self.announced(name, size)
        key = secrets.token_urlsafe(16)
        path = self._folder / f"{key}{suffix}"
        try:
            _copy(source, path, size)
            seconds = _seconds(path, kind, label_of(name), self.limits.seconds)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        upload = Upload(key, kind, label_of(name), path, seconds)
        with self._lock:
            self._kept[key] = upload
            while len(self._kept) > self.limits.files:
                self._kept.pop(next(iter(self._kept))).path.unlink(missing_ok=True)
        return upload

    def copy(self, key: str, kind: str, stem: Path) -> Upload:
        """Copy the upload of this key to `stem` with its own ending; RequestError if there is none of that kind."""
        with self._lock:
            upload = self._kept.get(key)
            if upload is None or upload.kind != kind:
                raise RequestError("the file is no longer kept here; drop it again", HTTPStatus.NOT_FOUND)
            path = stem.with_name(stem.name + upload.path.suffix)
            shutil.copyfile(upload.path, path)
        return replace(upload, path=path)


def label_of(name: str) -> str:
    """What a file is called on the page: the end of its path, without what cannot be printed, not too long.

    >>> label_of("../../etc/my song.wav")
    'my song.wav'
    """
    last = PurePath(name.replace("\\", "/")).name
    plain = "".join(letter for letter in last if letter.isprintable())
    return plain if len(plain) <= LONGEST_LABEL else f"{plain[: LONGEST_LABEL // 2]}…{plain[-LONGEST_LABEL // 3 :]}"


def _ending(name: str) -> tuple[str, str]:
    """Kind and ending of a file's name; of the ending it is our own spelling, so that nothing else gets into a path."""
    for kind in KINDS:
        for suffix in store.SUFFIXES[kind]:
            if name.lower().endswith(suffix):
                return kind, suffix
    wanted = ", ".join(suffix for kind in KINDS for suffix in store.SUFFIXES[kind])
    raise RequestError(
        f"{label_of(name) or 'a file without a name'} is no sound and no transcript by its name; "
        f"what is taken ends in {wanted}",
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    )


def _copy(source: Source, path: Path, size: int) -> None:
    with path.open("xb") as file:
        while size:
            block = source.read(min(BLOCK, size))
            if not block:
                raise RequestError("the upload ended before the file did; drop it again")
            file.write(block)
            size -= len(block)


def _seconds(path: Path, kind: str, label: str, most: float) -> float:
    """The length of a sound, 0 of a transcript; RequestError in the user's own words if it is neither, or too long."""
    try:
        if kind == "text":
            read_transcript(path)
            return 0.0
        seconds = duration(path)
    except (ValueError, OSError) as error:
        sentence = str(error).replace(str(path), label).replace(path.name, label)
        raise RequestError(sentence, HTTPStatus.UNSUPPORTED_MEDIA_TYPE) from error
    if not 0 < seconds <= most:
        raise RequestError(f"{label} lasts {seconds:,.1f} s; sounds of up to {most:g} s are taken")
    return seconds
