"""The web page's models: which are offered, and that the page's motion is the one that the command gives."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from feature_extraction.motion.bvh import read_bvh
from inference.app import Studio, main
from inference.generate import generate
from inference.share import main as share
from inference.web.jobs import FORMS, CancelledError
from inference.web.request_error import RequestError
from inference.web.wish import Wish
from tests.inference.test_folders import song

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def studio(checkpoint: Path) -> Studio:
    return Studio((), checkpoint.parents[2], "cpu")


def wish(sound: Path, **wanted: object) -> Wish:
    return Wish(**{"model": "tiny", "label": "my song.wav", "sound": sound, "seconds": 60.0, **wanted})  # type: ignore[arg-type]


def test_each_run_with_a_checkpoint_is_offered(studio: Studio, checkpoint: Path, tmp_path: Path) -> None:
    [offer] = studio.offered()
    assert offer == {"name": "tiny", "kind": "transformer", "temperature": 1.0, "words": False}
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "hparams.yaml").write_text("- nothing")
    (tmp_path / "young").mkdir()
    (tmp_path / "young" / "hparams.yaml").write_text("experiment: young\nmodel: transformer\n")
    assert Studio((), tmp_path, "cpu").offered() == []


def test_models_that_are_named_are_offered_alone(checkpoint: Path, tmp_path: Path) -> None:
    share([str(checkpoint), str(tmp_path / "dance")])
    for name in (str(tmp_path / "dance"), str(checkpoint)):
        assert [offer["name"] for offer in Studio([name], tmp_path, "cpu").offered()] == [name]
    assert [offer["name"] for offer in Studio(["tiny"], checkpoint.parents[2], "cpu").offered()] == ["tiny"]
    with pytest.raises(LookupError, match="no run 'tiny'"):
        Studio(["tiny"], tmp_path, "cpu")


def test_the_motion_is_the_one_that_the_command_gives(studio: Studio, checkpoint: Path, tmp_path: Path) -> None:
    sound = song(tmp_path, "motion.wav", 0.6)
    told: list[str] = []
    studio.perform(wish(sound, seed=3, seconds=0.5), tmp_path / "results", lambda doing, *_: told.append(doing))
    [made] = (tmp_path / "results").rglob("*.bvh")
    generate(checkpoint, str(sound), output_folder=tmp_path, render=["bvh"], seed=3, max_length=10)
    assert made.read_bytes() == (tmp_path / "tiny" / "bvh" / "motion.bvh").read_bytes()
    assert read_bvh(made).frames == 10
    assert {path.suffix for path in (tmp_path / "results").rglob("motion.*")} >= {f".{form}" for form in FORMS}
    [page] = (tmp_path / "results").rglob("*.html")
    assert "my song.wav" in page.read_text(encoding="utf-8")
    stages = [
        "loading the model",
        "listening to the sound",
        "generating",
        *(f"writing {form.upper()}" for form in FORMS),
    ]
    assert list(dict.fromkeys(told)) == stages


def test_mistakes_name_the_users_file(studio: Studio, tmp_path: Path) -> None:
    sound = song(tmp_path, "motion.wav", 0.01)
    with pytest.raises(RequestError, match=r"^my song\.wav lasts 0\.0100 s, less than one frame"):
        studio.perform(wish(sound), tmp_path / "results", lambda *_: None)
    with pytest.raises(RequestError, match="the model gone is not there any more"):
        studio.perform(wish(sound, model="gone"), tmp_path / "results", lambda *_: None)


def test_what_nobody_wants_any_more_is_given_up_on_the_way(studio: Studio, tmp_path: Path) -> None:
    def tell(doing: str, finished: int, total: int) -> None:
        if finished:
            raise CancelledError

    with pytest.raises(CancelledError):
        studio.perform(wish(song(tmp_path, "motion.wav", 0.6)), tmp_path / "results", tell)
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--prot", "80"], "did you mean --port"),
        (["--device", "abacus"], "--device abacus"),
        (["gone"], "no run 'gone'"),
    ],
)
def test_mistakes_of_the_command_line_are_named(tmp_path: Path, words: list[str], message: str) -> None:
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises((ValueError, LookupError), match=message):
            main(["--experiments_dir", str(tmp_path), "--port", "0", *words])
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_the_server_is_heard_here_alone_and_leaves_nothing(
    checkpoint: Path, tmp_path: Path, end: signal.Signals
) -> None:
    command = [sys.executable, "-m", "inference.app", "--port", "0", "--experiments_dir", str(checkpoint.parents[2])]
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            [address] = re.findall(r"http://127\.0\.0\.1:\d+/", server.stdout.readline())
            with urllib.request.urlopen(f"{address}models", timeout=60) as answer:
                assert b'"tiny"' in answer.read()
            assert [path.name[:12] for path in tmp_path.iterdir()] == ["terpsichore-"]
        finally:
            server.send_signal(end)
        assert server.wait(60) == 0
    assert not list(tmp_path.iterdir())
