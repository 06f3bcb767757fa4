"""What every renderer does: it writes a valid file in one step, whatever the skeleton."""

import os
import resource
from contextlib import contextmanager
from dataclasses import replace

import av
import numpy as np
import pytest
from PIL import Image

import registry
from feature_extraction.motion.bvh import read_bvh
from tests.analysis.render.glb_reader import Glb
from tests.feature_extraction.small_corpus import swaying


def read_video(path):
    with av.open(path) as video:
        assert sum(1 for _ in video.decode(video=0)) > 0


def read_picture(path):
    with Image.open(path) as picture:
        picture.load()


def read_page(path):
    page = path.read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert page.rstrip().endswith("</html>")


READERS = {".bvh": read_bvh, ".mp4": read_video, ".gif": read_picture, ".glb": Glb, ".html": read_page}
RENDERERS = registry.names("renderer")


def render(name, path, motions, **options):
    renderer = registry.find("renderer", name)()
    return renderer.render(path.with_suffix(renderer.suffix), motions, **options), renderer


@pytest.mark.parametrize("name", RENDERERS)
@pytest.mark.parametrize("frames", [1, 7])
def test_it_writes_a_valid_file(name, frames, tmp_path):
    path, renderer = render(name, tmp_path / "new" / "dance", [swaying(0).cut(0, frames)], title="dance")
    assert path.stat().st_size > 0
    READERS[renderer.suffix](path)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("name", RENDERERS)
def test_it_reports_every_frame(name, tmp_path):
    calls = []
    render(name, tmp_path / "dance", [swaying(0).cut(0, 4)], progress=lambda *counts: calls.append(counts))
    finished, total = zip(*calls, strict=True)
    assert finished[-1] == total[0] == total[-1] > 0
    assert list(finished) == sorted(finished)


@pytest.mark.parametrize("name", RENDERERS)
def test_a_failure_leaves_the_old_file(name, tmp_path):
    path, _ = render(name, tmp_path / "dance", [swaying(0).cut(0, 2)])
    before = path.read_bytes()
    broken = swaying(0).cut(0, 3)
    broken = replace(broken, positions=np.full_like(broken.positions, np.nan))
    with pytest.raises(ValueError, match=r"finite|nan|not a number"):
        render(name, tmp_path / "dance", [broken])
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", RENDERERS)
def test_several_motions_make_one_file_or_a_clear_refusal(name, tmp_path):
    motions = [swaying(seed).cut(0, frames) for seed, frames in ((0, 3), (1, 2))]
    if registry.find("renderer", name).compares:
        path, renderer = render(name, tmp_path / "dance", motions, names=["one", "two"])
        READERS[renderer.suffix](path)
    else:
        with pytest.raises(ValueError, match="one motion, got 2"):
            render(name, tmp_path / "dance", motions)


@contextmanager
def no_file_larger_than(size):
    """Let writing beyond `size` bytes fail, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("name", RENDERERS)
def test_a_full_disk_leaves_no_half_file_and_is_told(name, tmp_path):
    with no_file_larger_than(500), pytest.raises(OSError, match="the file is not written") as caught:
        render(name, tmp_path / "dance", [swaying(0).cut(0, 12)])
    suffix = registry.find("renderer", name).suffix
    assert os.fspath(caught.value.filename) == str(tmp_path / f"dance{suffix}")
    assert list(tmp_path.iterdir()) == []
