"""Zip archives, also those cut into volumes (name.z01, name.z02, ..., name.zip), unpacked into a folder."""

import io
import shutil
import struct
import zipfile
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from tqdm import tqdm

from feature_extraction.store import atomic_path

END = b"PK\x05\x06"
END_RECORD = struct.Struct("<4s4H2IH")
"""Signature, this volume, the volume where the directory begins, its entries here, all of its entries, its size, its
offset on its volume, the size of a comment (APPNOTE.TXT of PKWARE, 4.3.16)."""
ENTRY = b"PK\x01\x02"
ENTRY_SIZE, NAME_SIZE, VOLUME, OFFSET = 46, 28, 34, 42
"""An entry of the directory, and where in it are the sizes of name, extra field and comment (two bytes each), the
volume (two) and the offset (four) of the file (4.3.12)."""
LARGEST = 0xFFFFFFFF
LONGEST_COMMENT = 0xFFFF


def unpack(
    volumes: Sequence[Path], folder: Path, wanted: Callable[[Path], bool] = lambda path: True, progress: bool = True
) -> list[Path]:
    """Unpack the files that are `wanted`, by their paths in the archive, and give where they are.

    `volumes` is one zip file, or all of a set in their order, the .zip last. What is there already with its size is
    left. ValueError for a damaged archive, or one with paths that lead out of the folder.
    """
    try:
        with open_volumes(volumes) as stream, zipfile.ZipFile(stream) as archive:
            members = [(info, _inside(info.filename, volumes[-1])) for info in archive.infolist() if not info.is_dir()]
            members = [(info, path) for info, path in members if wanted(path)]
            bar = tqdm(members, "unpacking", unit="file", disable=None if progress else True, dynamic_ncols=True)
            for info, path in bar:
                _write(archive, info, folder / path)
    except (zipfile.BadZipFile, struct.error, EOFError) as error:
        raise ValueError(f"{volumes[-1]} is not a whole zip archive: {error}; fetch it again") from error
    return [folder / path for _, path in members]


def open_volumes(volumes: Sequence[Path]) -> BinaryIO:
    """Open the volumes of a zip archive as one file, its directory corrected; BadZipFile for one beyond 4 GiB."""
    if len(volumes) == 1:
        return volumes[0].open("rb")
    starts = [0, *accumulate(path.stat().st_size for path in volumes)]
    with _opened(volumes, starts) as whole:
        tail = _read(whole, max(0, starts[-1] - END_RECORD.size - LONGEST_COMMENT), starts[-1])
        place = tail.rfind(END)
        if place < 0:
            raise zipfile.BadZipFile("its end is missing")
        _, _, volume, _, entries, size, offset, _ = END_RECORD.unpack_from(tail, place)
        if volume >= len(volumes) or starts[volume] + offset > LARGEST:
            raise zipfile.BadZipFile(f"it has other volumes than the {len(volumes)} given, or is beyond 4 GiB")
        begin = starts[volume] + offset
        directory = _in_one(_read(whole, begin, begin + size), starts)
    last = io.BytesIO(directory + END_RECORD.pack(END, 0, 0, entries, entries, size, begin, 0))
    bounds = [*(min(start, begin) for start in starts), begin + last.getbuffer().nbytes]
    return io.BufferedReader(_Joined([*(path.open("rb") for path in volumes), last], bounds))


def _in_one(directory: bytes, starts: Sequence[int]) -> bytes:
    """Give an archive's directory with offsets in the whole in place of those on volumes."""
    corrected = bytearray(directory)
    place = 0
    while place < len(corrected):
        if corrected[place : place + 4] != ENTRY:
            raise zipfile.BadZipFile("its directory is damaged")
        (volume,) = struct.unpack_from("<H", corrected, place + VOLUME)
        (offset,) = struct.unpack_from("<I", corrected, place + OFFSET)
        if volume >= len(starts) - 1 or starts[volume] + offset > LARGEST:
            raise zipfile.BadZipFile(f"it has other volumes than the {len(starts) - 1} given, or is beyond 4 GiB")
        struct.pack_into("<H", corrected, place + VOLUME, 0)
        struct.pack_into("<I", corrected, place + OFFSET, starts[volume] + offset)
        place += ENTRY_SIZE + sum(struct.unpack_from("<3H", corrected, place + NAME_SIZE))
    return bytes(corrected)


class _Joined(io.RawIOBase):
    """Files one after the other, read as one; part i has the bytes from bounds[i] to bounds[i + 1]."""

    def __init__(self, parts: Sequence[BinaryIO], bounds: Sequence[int]):
        self.parts, self.bounds, self.place = parts, bounds, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self.place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.place, io.SEEK_END: self.bounds[-1]}[whence]
        return self.place

    def tell(self) -> int:
        return self.place

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        """Read what the part at this place has, at most as much as the buffer takes."""
        for part, (start, stop) in zip(self.parts, pairwise(self.bounds), strict=True):
            if start <= self.place < stop:
                part.seek(self.place - start)
                block = part.read(min(len(buffer), stop - self.place))
                buffer[: len(block)] = block
                self.place += len(block)
                return len(block)
        return 0

    def close(self) -> None:
        for part in self.parts:
            part.close()
        super().close()


def _opened(volumes: Sequence[Path], starts: Sequence[int]) -> _Joined:
    return _Joined([path.open("rb") for path in volumes], starts)


def _read(stream: _Joined, start: int, stop: int) -> bytes:
    stream.seek(start)
    found = b""
    while len(found) < stop - start and (block := stream.read(stop - start - len(found))):
        found += block
    return found


def _inside(name: str, archive: Path) -> Path:
    """Give the path of a member; ValueError when it leads out of the folder."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        raise ValueError(f"{archive} holds {name!r}, a path that leads out of the folder; it is not unpacked")
    return Path(*path.parts)


def _write(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> None:
    if path.is_file() and path.stat().st_size == info.file_size:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary, archive.open(info) as source, temporary.open("wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
