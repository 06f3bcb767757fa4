"""Zip archives, whole and in volumes, unpack to what was packed, within the folder."""

import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from data.archives import END, END_RECORD, ENTRY_SIZE, NAME_SIZE, OFFSET, VOLUME, unpack

FILES = {f"clean/{name}.bvh": np.random.default_rng(seed).bytes(5000) for seed, name in enumerate("abcdefg")}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.mkdir("clean")
        for name, content in FILES.items():
            made.writestr(name, content)
    return path


def split(archive: Path, size: int) -> list[Path]:
    """Cut an archive into volumes of `size` bytes, as zip -s does: its directory counts from each volume's begin."""
    whole = bytearray(archive.read_bytes())
    end = whole.rfind(END)
    _, _, _, _, entries, directory_size, directory, _ = END_RECORD.unpack_from(whole, end)
    place = directory
    for _ in range(entries):
        (offset,) = struct.unpack_from("<I", whole, place + OFFSET)
        struct.pack_into("<H", whole, place + VOLUME, offset // size)
        struct.pack_into("<I", whole, place + OFFSET, offset % size)
        place += ENTRY_SIZE + sum(struct.unpack_from("<3H", whole, place + NAME_SIZE))
    last = len(whole) // size
    record = (END, last, directory // size, entries, entries, directory_size, directory % size, 0)
    whole[end:] = END_RECORD.pack(*record)
    paths = [archive.with_suffix(f".z{number + 1:02d}") for number in range(last)] + [archive]
    for number, path in enumerate(paths):
        path.write_bytes(whole[number * size : (number + 1) * size])
    return paths


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_archive_is_unpacked_and_unpacked_again_at_once(archive: Path, tmp_path: Path) -> None:
    made = unpack([archive], tmp_path / "out", progress=False)
    assert contents(tmp_path / "out") == FILES
    before = [path.stat().st_mtime_ns for path in made]
    made[0].write_bytes(b"an interrupted one")
    assert unpack([archive], tmp_path / "out", progress=False) == made
    assert contents(tmp_path / "out") == FILES
    assert [path.stat().st_mtime_ns for path in made][1:] == before[1:]


def test_only_what_is_wanted_is_unpacked(archive: Path, tmp_path: Path) -> None:
    unpack([archive], tmp_path / "out", lambda path: path.stem in "ab", progress=False)
    assert sorted(contents(tmp_path / "out")) == ["clean/a.bvh", "clean/b.bvh"]


@pytest.mark.parametrize("size", [35000, 7000, 1001, 350])
def test_volumes_are_unpacked_as_one_archive(size: int, archive: Path, tmp_path: Path) -> None:
    volumes = split(archive, size)
    assert len(volumes) > 1
    unpack(volumes, tmp_path / "out", progress=False)
    assert contents(tmp_path / "out") == FILES


def test_a_volume_that_is_missing_or_cut_is_told(archive: Path, tmp_path: Path) -> None:
    volumes = split(archive, 9000)
    with pytest.raises(ValueError, match=r"all\.zip"):
        unpack(volumes[1:], tmp_path / "out", progress=False)
    archive.write_bytes(archive.read_bytes()[:-30])
    with pytest.raises(ValueError, match=r"all\.zip is not a whole zip archive: .*fetch it again"):
        unpack(volumes, tmp_path / "out", progress=False)


@pytest.mark.parametrize("name", ["../out.bvh", "/out.bvh", "a/../../out.bvh", "C:/out.bvh", "..\\out.bvh"])
def test_paths_that_lead_out_are_refused(name: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as made:
        made.writestr(name, b"x")
    with pytest.raises(ValueError, match="leads out of the folder"):
        unpack([tmp_path / "all.zip"], tmp_path / "out", progress=False)
    assert [path.name for path in tmp_path.iterdir()] == ["all.zip"]
