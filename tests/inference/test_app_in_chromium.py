"""The page in a real browser, from the drop to the download; it asks nobody else for anything."""

import threading
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from feature_extraction.motion.bvh import read_bvh
from inference.app import Studio, make_site
from inference.web.server import Server
from inference.web.uploads import Limits
from tests.analysis.render.chromium import Page, find_chromium
from tests.analysis.render.glb_reader import Glb
from tests.inference.test_folders import song

pytestmark = pytest.mark.slow
SIZE = (1280, 800)
PANEL = 360
"""Width of what is left of the viewer, in pixels."""


@pytest.fixture(scope="module")
def server(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    studio = Studio((), checkpoint.parents[2], "cpu")
    site = make_site(tmp_path_factory.mktemp("site"), studio, Limits(megabytes=0.2, seconds=10))
    with Server("127.0.0.1", 0, site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
    site.jobs.close()


@pytest.fixture(scope="module")
def page(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    program = find_chromium()
    if not program:
        pytest.skip("there is no Chromium")
    page = Page(program, tmp_path_factory.mktemp("profile"), *SIZE)
    try:
        yield page
    finally:
        page.close()


@pytest.fixture(autouse=True)
def opened(page: Page, server: Server) -> None:
    page.call("Page.navigate", url="about:blank")
    page.requests.clear()
    page.call("Page.navigate", url=server.address)
    page.wait("document.querySelectorAll('#model option').length === 1")


def drop(page: Page, name: str, size: int) -> None:
    """Drop a file of zeros."""
    page.evaluate(
        f"""(() => {{
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array({size})], "{name}"));
          dispatchEvent(new DragEvent("drop", {{ dataTransfer: data, cancelable: true }}));
        }})()"""
    )


def hand_over(page: Page, *paths: Path) -> None:
    """Choose files in the page's dialogue."""
    root = page.call("DOM.getDocument")["root"]["nodeId"]
    node = page.call("DOM.querySelector", nodeId=root, selector="#file")["nodeId"]
    page.call("DOM.setFileInputFiles", nodeId=node, files=[str(path) for path in paths])


def choose(page: Page, *paths: Path) -> None:
    """Choose files, the sound last, and wait until it is read."""
    hand_over(page, *paths)
    page.wait(f"document.querySelector('#dropped').textContent === {paths[-1].name!r}")


def begin(page: Page, **values: float) -> None:
    for name, value in values.items():
        page.evaluate(f"document.querySelector('#{name}').value = '{value}'")
    page.click_on("#generate")


def test_from_the_drop_to_the_download(page: Page, server: Server, tmp_path: Path) -> None:
    choose(page, song(tmp_path, "my song.wav", 1.5))
    begin(page, seed=4, temperature=0.5, seconds=1.2)
    page.wait("!document.querySelector('#viewer').hidden")
    page.wait("document.querySelectorAll('#files a').length === 4 && document.querySelector('#progress').hidden")
    page.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    for form in ("bvh", "glb", "mp4", "html"):
        page.click_on(f'#files a[href*="{form}"]')
        path = tmp_path / f"my song.{form}"
        for _ in range(400):
            page.wait("true")
            if path.is_file() and path.stat().st_size:
                break
    motion = read_bvh(tmp_path / "my song.bvh")
    assert (motion.frames, motion.fps) == (24, 20)
    with av.open(tmp_path / "my song.mp4") as video:
        assert sorted(stream.type for stream in video.streams) == ["audio", "video"]
    Glb(tmp_path / "my song.glb")
    assert "my song.wav" in (tmp_path / "my song.html").read_text(encoding="utf-8")
    assert all(request.startswith((server.address, "blob:", "data:")) for request in page.requests)
    assert page.complaints == []


def test_the_viewer_shows_the_motion(page: Page, tmp_path: Path) -> None:
    choose(page, song(tmp_path, "hum.wav", 0.5))
    begin(page)
    page.wait("!document.querySelector('#viewer').hidden && document.querySelector('#progress').hidden")
    for _ in range(60):
        picture = np.asarray(Image.open(page.screenshot(tmp_path / "page.png")).convert("RGB")).astype(int)
        # Floor and air are light, figures are not.
        figure = (picture[:-100, PANEL + 20 :].min(axis=2) < 150).sum()
        if figure > 2000:
            break
        page.evaluate("new Promise(done => setTimeout(done, 500))")
    assert figure > 2000


def test_words_go_with_the_sound_that_they_came_with(page: Page, tmp_path: Path) -> None:
    words = tmp_path / "talk.tsv"
    words.write_text("0\t0.4\tso\n", encoding="utf-8")
    choose(page, words, song(tmp_path, "talk.wav", 0.5))
    assert page.evaluate("document.querySelector('#wordsname').textContent") == "words: talk.tsv"
    assert not page.evaluate("document.querySelector('#words').hidden")
    choose(page, song(tmp_path, "other.wav", 0.5))
    assert page.evaluate("document.querySelector('#words').hidden")


def test_words_may_come_before_their_sound(page: Page, tmp_path: Path) -> None:
    words = tmp_path / "talk.tsv"
    words.write_text("0\t0.4\tso\n", encoding="utf-8")
    hand_over(page, words)
    page.wait("!document.querySelector('#words').hidden")
    choose(page, song(tmp_path, "talk.wav", 0.5))
    assert page.evaluate("document.querySelector('#wordsname').textContent") == "words: talk.tsv"
    assert not page.evaluate("document.querySelector('#words').hidden")


def test_one_job_is_begun_by_two_clicks_and_outlives_a_broken_connection(page: Page, tmp_path: Path) -> None:
    choose(page, song(tmp_path, "hum.wav", 0.5))
    page.evaluate(
        """(() => {
          const real = fetch;
          window.begun = 0;
          window.broken = 2;
          window.fetch = (path, ...rest) => {
            if (path === "/jobs") window.begun++;
            if (path.startsWith("/jobs/") && window.broken-- > 0) return Promise.reject(new TypeError("broken"));
            return real(path, ...rest);
          };
          const button = document.querySelector("#generate");
          button.click();
          button.click();
        })()"""
    )
    page.wait("!document.querySelector('#viewer').hidden && document.querySelector('#progress').hidden")
    assert page.evaluate("[window.begun, document.querySelector('#problem').hidden].join()") == "1,true"


@pytest.mark.parametrize(
    ("name", "size", "sentence"),
    [
        ("huge.wav", 300_000, "huge.wav has 0.3 MB; at most 0.2 MB are taken"),
        ("zeros.wav", 5000, "zeros.wav is no readable sound file: "),
        ("letter.docx", 10, "letter.docx is no sound and no transcript by its name; "),
    ],
)
def test_wrong_files_are_answered_with_a_sentence(page: Page, name: str, size: int, sentence: str) -> None:
    drop(page, name, size)
    page.wait("!document.querySelector('#problem').hidden")
    assert page.evaluate("document.querySelector('#problem').textContent").startswith(sentence)
    assert page.evaluate("document.querySelector('#generate').disabled")
    assert page.evaluate("document.querySelector('#about').textContent") == "or click to choose a file"
    page.complaints.clear()


def test_a_wish_that_cannot_be_is_answered_with_a_sentence(page: Page, tmp_path: Path) -> None:
    choose(page, song(tmp_path, "hum.wav", 0.5))
    begin(page, temperature=99)
    page.wait("!document.querySelector('#problem').hidden")
    assert page.evaluate("document.querySelector('#problem').textContent") == "the temperature is a number from 0 to 10"
    page.complaints.clear()


def test_a_job_goes_on_when_the_page_is_loaded_again_and_can_be_cancelled(page: Page, tmp_path: Path) -> None:
    choose(page, song(tmp_path, "long.wav", 6.0))
    begin(page)
    page.wait("!document.querySelector('#progress').hidden")
    page.call("Page.reload")
    page.wait("document.readyState === 'complete' && !document.querySelector('#progress')?.hidden")
    page.click_on("#cancel")
    page.wait("document.querySelector('#progress').hidden")
    assert page.evaluate("fetch('/jobs/' + location.hash.slice(1)).then(a => a.json()).then(job => job.state)") == (
        "cancelled"
    )
