"""A page holds everything that it needs, and what it holds is the motion."""

import base64
import hashlib
import json
import re
from importlib.resources import files
from io import BytesIO

import av
import numpy as np
import pytest
import soundfile

from analysis.render.html_renderer import HtmlRenderer
from feature_extraction.motion.bvh import read_bvh
from feature_extraction.motion.skeleton import joint_positions
from tests.feature_extraction.small_corpus import swaying


def written(folder, motions, **options):
    return HtmlRenderer().render(folder / "dance.html", motions, **options).read_text(encoding="utf-8")


def scene_of(page):
    return json.loads(re.search(r'<script id="scene" type="application/json">(.*?)</script>', page)[1])


def floats(text):
    return np.frombuffer(base64.b64decode(text), "<f4")


def test_the_page_holds_the_joints_as_they_are_exported(tmp_path):
    motions = [swaying(0, fps=20.0), swaying(1, fps=24.0).cut(0, 9)]
    scene = scene_of(written(tmp_path, motions, names=["one", "two"]))
    assert [motion["name"] for motion in scene["motions"]] == ["one", "two"]
    for shown, motion in zip(scene["motions"], motions, strict=True):
        points = floats(shown["points"]).reshape(motion.frames, shown["count"], 3)
        expected = joint_positions(motion, end_sites=True)
        np.testing.assert_allclose(points[:, : expected.shape[1]], expected, atol=1e-6 * np.abs(expected).max())
        assert (shown["fps"], tuple(shown["joints"])) == (motion.fps, motion.skeleton.names)
        assert floats(shown["targets"]).size == 3 * motion.frames


@pytest.mark.parametrize("name", ["ad_dab", "reactidle_003_genuine"])
def test_the_placement_stands_figures_upright_on_the_floor(name, shared_data, tmp_path):
    motion = read_bvh(shared_data / "bvh" / f"{name}.bvh").cut(0, 40)
    [shown] = scene_of(written(tmp_path, [motion]))["motions"]
    placement = np.reshape(shown["placement"], (4, 4)).T
    joints = joint_positions(motion, end_sites=True)
    placed = joints @ placement[:3, :3].T + placement[:3, 3]
    assert np.percentile(placed[..., 1].min(axis=1), 2) == pytest.approx(0, abs=1e-9)
    assert 0.7 < np.median(np.ptp(placed[..., 1], axis=1)) < 1.2


def test_a_title_cannot_break_out(tmp_path):
    hostile = '</title></script><script src="https://example.org/x.js">{{three}}'
    page = written(tmp_path, [swaying(0).cut(0, 2)], title=hostile, names=[hostile])
    assert hostile not in page
    assert page.count("</script>") == 3
    assert scene_of(page)["motions"][0]["name"] == hostile


def test_the_page_asks_for_nothing(tmp_path):
    page = written(tmp_path, [swaying(0).cut(0, 2)])
    assert "default-src 'none'" in page
    assert not re.search(r"""\b(?:src|href)=(?!"data:,")""", page)


def test_the_sound_is_as_long_as_the_motion_and_in_time(tmp_path):
    clicks = np.zeros((32000, 2), np.float32)
    clicks[[8000, 20000]] = 0.9
    soundfile.write(tmp_path / "clicks.wav", clicks, 16000)
    motion = swaying(0, seconds=1.5)
    scene = scene_of(written(tmp_path, [motion], audio=tmp_path / "clicks.wav"))
    with av.open(BytesIO(base64.b64decode(scene["sound"]))) as sound:
        frames = list(sound.decode(audio=0))
    samples = np.concatenate([frame.to_ndarray().mean(axis=0) for frame in frames])
    assert len(samples) / 48000 == pytest.approx(motion.duration_s, abs=0.05)
    for time in (0.5, 1.25):
        around = np.abs(samples[round((time - 0.1) * 48000) : round((time + 0.1) * 48000)])
        assert (np.argmax(around) / 48000 - 0.1) == pytest.approx(0, abs=0.003)


def test_the_bundle_is_the_one_that_was_built():
    assets = files("analysis.render") / "assets"
    for line in (assets / "three.sha256").read_text().splitlines():
        digest, name = line.split()
        assert hashlib.sha256((assets / name).read_bytes()).hexdigest() == digest
    version = re.search(r"three=0\.(\d+)\.", (assets / "build_three.sh").read_text())[1]
    assert f"three.js r{version}." in (assets / "three.min.js").read_text(encoding="utf-8")[:100]
