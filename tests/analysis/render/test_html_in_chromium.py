"""The page in a real browser: it loads from a file, asks for nothing, plays, scrubs, and draws the exported joints."""

import time
from collections.abc import Iterator

import numpy as np
import pytest
import soundfile
from PIL import Image

from analysis.render.html_renderer import HtmlRenderer
from feature_extraction.motion.bvh import read_bvh, write_bvh
from feature_extraction.motion.point_skeleton import point_motion
from feature_extraction.motion.skeleton import joint_positions
from tests.analysis.render.chromium import Page, find_chromium
from tests.feature_extraction.small_corpus import swaying

pytestmark = pytest.mark.slow
SIZE = (1000, 640)
FPS, SECONDS = 20.0, 4


@pytest.fixture(scope="module")
def motions():
    moving = swaying(0, seconds=SECONDS, fps=FPS)
    places = joint_positions(swaying(1, seconds=SECONDS, fps=FPS))
    places += 0.05 * np.random.default_rng(0).normal(size=places.shape)
    points = point_motion(places, moving.skeleton.names, moving.skeleton.parents, FPS)
    return [moving, points]


@pytest.fixture(scope="module")
def page(motions, tmp_path_factory) -> Iterator[Page]:
    program = find_chromium()
    if not program:
        pytest.skip("there is no Chromium")
    folder = tmp_path_factory.mktemp("page")
    soundfile.write(folder / "hum.wav", 0.1 * np.sin(np.arange(SECONDS * 16000) / 20), 16000)
    path = folder / "dance.html"
    HtmlRenderer().render(path, motions, names=["one", "two"], title="dance", audio=folder / "hum.wav")
    page = Page(program, folder / "profile", *SIZE)
    try:
        page.open(path.as_uri())
        yield page
    finally:
        page.close()


@pytest.fixture(autouse=True)
def at_the_beginning(page):
    page.evaluate("document.querySelector('#play.playing')?.click(), viewer.clock.seek(0), viewer.stale = true")


def seek(page, seconds):
    page.evaluate(f"viewer.clock.seek({seconds})")
    page.wait("!viewer.clock.sound.seeking")
    page.evaluate("viewer.draw()")


def test_it_makes_no_request_and_has_no_complaint(page):
    assert [address.split(":")[0] for address in page.requests] == ["file", "blob"]
    assert page.complaints == []
    assert page.evaluate("viewer.clock.sound.duration") == pytest.approx(SECONDS, abs=0.02)


@pytest.mark.parametrize("frame", [0, 1, 37, SECONDS * FPS - 1])
def test_drawn_joints_are_the_exported_ones(page, motions, frame, tmp_path):
    seek(page, frame / FPS)
    for number, motion in enumerate(motions):
        write_bvh(tmp_path / "dance.bvh", motion)
        exported = joint_positions(read_bvh(tmp_path / "dance.bvh"))[int(frame)]
        drawn = np.reshape(page.evaluate(f"viewer.drawnJoints({number})"), (-1, 3))
        np.testing.assert_allclose(drawn, exported, atol=1e-5 * motion.skeleton.height)


def test_between_frames_it_is_between_them(page, motions):
    seek(page, 10.5 / FPS)
    places = joint_positions(motions[0])
    drawn = np.reshape(page.evaluate("viewer.drawnJoints(0)"), (-1, 3))
    np.testing.assert_allclose(drawn, places[10:12].mean(axis=0), atol=1e-3 * motions[0].skeleton.height)


def test_figures_are_seen_where_their_joints_are(page, motions, tmp_path):
    seek(page, 1.0)
    picture = np.asarray(Image.open(page.screenshot(tmp_path / "page.png")).convert("RGB")).astype(int)
    for number, motion in enumerate(motions):
        for joint, parent in enumerate(motion.skeleton.parents):
            if parent < 0:
                continue
            ends = [page.evaluate(f"viewer.onPage({number}, {each})") for each in (joint, parent)]
            x, y = np.round(np.mean(ends, axis=0)).astype(int)
            assert number * SIZE[0] / 2 < x < (number + 1) * SIZE[0] / 2
            # Floor and air are light, figures are not.
            assert picture[y, x].min() < 190, (motion.skeleton.names[joint], x, y, picture[y, x])


def test_it_plays_to_the_sound_and_pauses(page):
    page.click_on("#play")
    page.wait("viewer.clock.sound.currentTime > 0.4")
    first, clock, sound, playing = page.evaluate(
        "[viewer.ui.clock.textContent, viewer.clock.time, viewer.clock.sound.currentTime, viewer.clock.playing]"
    )
    assert playing
    assert clock == pytest.approx(sound, abs=0.05)
    page.click_on("#play")
    stopped = page.evaluate("viewer.clock.time")
    assert stopped >= clock
    time.sleep(0.3)
    assert page.evaluate("[viewer.clock.time, viewer.clock.playing]") == [stopped, False]
    page.wait(f"viewer.ui.clock.textContent !== '{first}'")


def test_it_stops_at_the_end_and_begins_again(page):
    seek(page, SECONDS - 0.2)
    page.click_on("#play")
    page.wait("!viewer.clock.playing")
    assert page.evaluate("viewer.clock.time") == pytest.approx(SECONDS, abs=0.05)
    page.click_on("#play")
    page.wait("viewer.clock.playing && viewer.clock.time < 2")


def test_a_click_on_the_slider_scrubs(page):
    page.click_on("#time")
    page.wait("!viewer.clock.sound.seeking")
    assert page.evaluate("viewer.clock.time") == pytest.approx(SECONDS / 2, abs=0.1)


def test_half_speed_takes_twice_as_long(page):
    page.evaluate("viewer.ui.speed.value = '0.5', viewer.ui.speed.dispatchEvent(new Event('change'))")
    try:
        assert page.evaluate("viewer.clock.sound.playbackRate") == 0.5
        took = page.evaluate(
            "viewer.clock.play().then(() => new Promise(done => { const first = viewer.clock.time, at = "
            "performance.now(); setTimeout(() => done([viewer.clock.time - first, performance.now() - at]), 1500); }))"
        )
        assert took[0] / (took[1] / 1000) == pytest.approx(0.5, abs=0.15)
    finally:
        page.evaluate("viewer.ui.speed.value = '1', viewer.ui.speed.dispatchEvent(new Event('change'))")


def test_names_are_beside_their_joints(page, motions):
    page.click_on("#names")
    page.wait("!viewer.stale")
    shown = page.evaluate(
        "viewer.jointLabels[0].filter(label => !label.hidden).map(label => [label.textContent, "
        "label.getBoundingClientRect().left, label.getBoundingClientRect().top + 8])"
    )
    page.click_on("#names")
    assert len(shown) >= 3
    for name, x, y in shown:
        joint = motions[0].skeleton.names.index(name)
        assert np.hypot(*np.subtract(page.evaluate(f"viewer.onPage(0, {joint})"), [x, y])) < 12


def test_a_drag_turns_the_camera(page):
    before = page.evaluate("viewer.camera.position.toArray()")
    for kind, x in (("mousePressed", 300), ("mouseMoved", 360), ("mouseReleased", 360)):
        page.call("Input.dispatchMouseEvent", type=kind, x=x, y=200, button="left", buttons=1, clickCount=1)
    page.wait(f"viewer.camera.position.x !== {before[0]}")
    after = page.evaluate("viewer.camera.position.toArray()")
    assert np.linalg.norm(after) == pytest.approx(np.linalg.norm(before), rel=1e-3)
