"""Arrays of an npz file, none of which is read before its header is known to be true."""

import math
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import IO

import numpy as np

ENDING = ".npy"
PACKED = 100
"""How many times as large as their file arrays may be; features that are mostly silence are packed by less."""
ROOM = 2**24
"""Arrays of so many bytes are read, however small their file is."""
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
"""Version of the format -> what reads (shape, order, dtype)."""


def names_in_npz(path: Path) -> list[str]:
    """Give the names of the arrays in an npz file; ValueError naming it when it is damaged or none."""
    try:
        with zipfile.ZipFile(path) as archive:
            return [name.removesuffix(ENDING) for name in archive.namelist() if name.endswith(ENDING)]
    except (zipfile.BadZipFile, ValueError, EOFError) as error:
        raise ValueError(f"{path} is not an npz of plain arrays: {error}") from error


def read_npz(path: Path, names: Collection[str] | None = None) -> dict[str, np.ndarray]:
    """Read all arrays of an npz file, or those of `names` that it has.

    ValueError naming the file when it is damaged or none, when it holds objects, and when arrays are not of the size
    that their headers say, or are much larger than the file.
    """
    limit = max(ROOM, PACKED * path.stat().st_size)
    try:
        with zipfile.ZipFile(path) as archive:
            members = [each for each in archive.infolist() if each.filename.endswith(ENDING)]
            found = {each.filename.removesuffix(ENDING): each for each in members}
            wanted = {name: found[name] for name in found if names is None or name in names}
            size = sum(member.file_size for member in wanted.values())
            if size > limit:
                raise ValueError(f"it unpacks to {size} bytes, more than the {limit} that are read of such a file")
            return {name: _read_member(archive, member) for name, member in wanted.items()}
    except FileNotFoundError:
        raise
    except Exception as error:  # a damaged archive can fail in any way
        raise ValueError(f"{path} is not an npz of plain arrays: {error}") from error


def read_named(path: Path, *names: str) -> list[np.ndarray]:
    """Read the arrays of these names from an npz file, in their order; ValueError, also when one is not there."""
    arrays = read_npz(path, names)
    missing = [name for name in names if name not in arrays]
    if missing:
        raise ValueError(f"{path} has no array {missing[0]}, there are: {', '.join(names_in_npz(path)) or 'none'}")
    return [arrays[name] for name in names]


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(member) as file:
        _check_header(file, member)
    with archive.open(member) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _check_header(file: IO[bytes], member: zipfile.ZipInfo) -> None:
    """ValueError for an array of objects, or of another size than the member."""
    version = np.lib.format.read_magic(file)
    if version not in HEADERS:
        raise ValueError(f"{member.filename} is of npy's version {version[0]}.{version[1]}, which is not read here")
    shape, _, dtype = HEADERS[version](file)
    if dtype.hasobject:
        raise ValueError(f"{member.filename} holds objects")
    told, there = math.prod(shape) * dtype.itemsize, member.file_size - file.tell()
    if told != there:
        raise ValueError(f"the header of {member.filename} tells of {told} bytes, {there} are there")
