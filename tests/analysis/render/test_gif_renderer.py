"""A GIF lasts as long as the motion and looks like the pictures that were drawn."""

import numpy as np
import pytest
from PIL import Image

from analysis.render import gif_renderer
from analysis.render.drawing import Scene
from analysis.render.gif_renderer import GifRenderer
from tests.feature_extraction.small_corpus import swaying

SIZE = (200, 150)


@pytest.mark.parametrize("fps", [20.0, 60.0, 24.0])
def test_it_lasts_as_long_as_the_motion(fps, tmp_path):
    motion = swaying(0, seconds=0.5, fps=fps)
    with Image.open(GifRenderer().render(tmp_path / "dance.gif", [motion], size=SIZE)) as picture:
        assert picture.size == SIZE
        assert picture.info["loop"] == 0
        duration = sum((picture.seek(frame), picture.info["duration"])[1] for frame in range(picture.n_frames))
    assert duration / 1000 == pytest.approx(motion.duration_s, abs=1 / 20)


def test_few_colours_are_enough(tmp_path):
    motion = swaying(0, seconds=0.5, fps=20.0)
    path = GifRenderer().render(tmp_path / "dance.gif", [motion], size=SIZE)
    scene = Scene([motion], width=SIZE[0], height=SIZE[1])
    with Image.open(path) as picture:
        for frame in (0, 4, 9):
            picture.seek(frame)
            shown = np.asarray(picture.convert("RGB")).astype(float)
            assert np.abs(shown - scene.frame(frame)).mean() < 3


def test_only_the_beginning_of_long_motions_is_shown(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(gif_renderer, "LONGEST_S", 0.2)
    caplog.set_level("INFO")
    path = GifRenderer().render(tmp_path / "dance.gif", [swaying(0, seconds=1.0)], size=SIZE)
    with Image.open(path) as picture:
        assert picture.n_frames == 4
    assert "first 0.2 of 1.0 s" in caplog.text
