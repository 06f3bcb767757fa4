"""The page's server: what it takes and gives, whom it refuses, and that it reads nothing that it refuses."""

import re
import socket
from importlib.resources import files
from pathlib import Path

import pytest

from inference.web.server import Server
from tests.inference.web.conftest import Visitor, Worker, wav

ASSETS = files("inference.web") / "assets"


def taken(visitor: Visitor, name: str = "song.wav") -> str:
    status, upload = visitor.upload(name, wav())
    assert status == 201
    return upload["id"]


def test_the_page_asks_for_nothing_elsewhere(visitor: Visitor) -> None:
    for path, kind in (("/", "text/html"), ("/app.css", "text/css"), ("/app.js", "text/javascript")):
        status, headers, content = visitor.ask("GET", path)
        assert status == 200
        assert headers["Content-Type"] == f"{kind}; charset=utf-8"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert not re.search(rb"(https?:)?//\w", content)


def test_a_sound_becomes_a_motion_to_look_at_and_to_download(visitor: Visitor, worker: Worker) -> None:
    _, upload = visitor.upload("my sóng.wav", wav(1.5))
    assert (upload["kind"], upload["label"], upload["seconds"]) == ("audio", "my sóng.wav", 1.5)
    status, job = visitor.begin(model="quickstart", sound=upload["id"], temperature=0.5, seed=3, seconds=1.2)
    assert (status, job["files"]) == (202, [])
    worker.began.wait(20)
    _, job = visitor.json("GET", f"/jobs/{job['id']}")
    assert (job["state"], job["doing"], job["finished"], job["total"]) == ("working", "generating", 1, 4)
    worker.go.set()
    job = visitor.wait(job["id"], "finished")
    assert job["files"] == ["html", "bvh", "glb", "mp4"]
    [wish] = worker.wishes
    assert (wish.temperature, wish.seed, wish.seconds, wish.label) == (0.5, 3, 1.2, "my sóng.wav")
    _, headers, content = visitor.ask("GET", f"/jobs/{job['id']}/bvh?download")
    assert content.decode() == "a bvh of my sóng.wav"
    assert headers["Content-Disposition"] == "attachment; filename*=UTF-8''my%20s%C3%B3ng.bvh"
    _, headers, _ = visitor.ask("GET", f"/jobs/{job['id']}/html")
    assert headers["Content-Security-Policy"].startswith("sandbox allow-scripts; default-src 'none'")


def test_words_come_along_under_the_name_of_the_sound(visitor: Visitor, worker: Worker) -> None:
    _, words = visitor.upload("talk.tsv", b"0.1\t0.4\thello\n")
    assert words["kind"] == "text"
    visitor.begin(model="quickstart", sound=taken(visitor), transcript=words["id"])
    worker.began.wait(20)
    [wish] = worker.wishes
    assert wish.sound.with_suffix(".tsv").read_text() == "0.1\t0.4\thello\n"


@pytest.mark.parametrize(
    ("name", "body", "status", "sentence"),
    [
        ("virus.exe", b"MZ", 415, "virus.exe is no sound and no transcript by its name"),
        ("", b"RIFF", 415, "a file without a name is no sound"),
        ("song.wav", b"", 400, "song.wav is empty"),
        ("song.wav", b"RIFF and no more", 415, "song.wav is no readable sound file: "),
        ("song.mp3", bytes(5000), 415, "song.mp3 is no readable sound file: "),
        ("talk.json", b'{"a": 1}', 415, "talk.json: "),
        ("talk.json", b" " * 100_001, 413, "talk.json has 0.1 MB; at most 0.1 MB are taken"),
        ("long.wav", wav(6.0), 400, "long.wav lasts 6.0 s; sounds of up to 5 s are taken"),
        ("song.wav", bytes(400_000), 413, "song.wav has 0.4 MB; at most 0.3 MB are taken"),
    ],
)
def test_wrong_files_are_refused_in_a_sentence_and_not_kept(
    visitor: Visitor, tmp_path: Path, name: str, body: bytes, status: int, sentence: str
) -> None:
    found, answer = visitor.upload(name, body)
    assert found == status
    assert answer["error"].startswith(sentence)
    assert str(tmp_path) not in answer["error"]
    assert not list((tmp_path / "uploads").iterdir())


def raw(visitor: Visitor, head: str, body: bytes = b"", no_more: bool = False) -> bytes:
    """All that is answered to bytes as they are."""
    with socket.create_connection(visitor.server.server_address[:2], timeout=20) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode() + body)
        if no_more:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while block := connection.recv(1 << 16):
            answer += block
        return answer


POST = "POST /uploads?name=a.wav HTTP/1.1\nHost: localhost\n"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("Content-Length: 99999999999\n", 413),
        ("Content-Length: 99999999999\nExpect: 100-continue\n", 413),
        (f"Content-Length: {'9' * 5000}\n", 411),
        ("Content-Length: -1\n", 411),
        ("Content-Length: \u0661\n", 411),
        ("Transfer-Encoding: chunked\n", 411),
        ("", 411),
    ],
)
def test_what_is_too_long_or_does_not_say_is_refused_before_it_is_sent(
    visitor: Visitor, head: str, status: int
) -> None:
    answer = raw(visitor, f"{POST}{head}\n")
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"100 Continue" not in answer
    assert b"Connection: close" in answer


def test_who_sends_too_much_hears_why(visitor: Visitor) -> None:
    answer = raw(visitor, f"{POST}Content-Length: 3000000\n\n", bytes(3_000_000))
    assert b"a.wav has 3.0 MB; at most 0.3 MB are taken" in answer


def test_an_upload_that_breaks_off_leaves_nothing(visitor: Visitor, tmp_path: Path) -> None:
    answer = raw(visitor, f"{POST}Content-Length: 1000\n\n", bytes(10), no_more=True)
    assert b"the upload ended before the file did" in answer
    assert not list((tmp_path / "uploads").iterdir())


@pytest.mark.parametrize("name", ["../../etc/passwd.wav", "..\\..\\boot.wav", "/etc/shadow.wav", "a\x00b\n.wav"])
def test_names_from_outside_never_become_paths(visitor: Visitor, tmp_path: Path, name: str) -> None:
    _, upload = visitor.upload(name, wav())
    assert not set(upload["label"]) & set("/\\\0\n")
    [path] = (tmp_path / "uploads").iterdir()
    assert path.name == f"{upload['id']}.wav"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "[::1", ""])
def test_another_name_that_points_here_is_refused(visitor: Visitor, host: str) -> None:
    status, answer = visitor.json("GET", "/models", Host=host)
    assert status == 421
    assert "not the name of this server" in answer["error"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8765", "[::1]:8765", "192.168.0.7"])
def test_addresses_and_our_own_names_are_answered(visitor: Visitor, host: str) -> None:
    assert visitor.json("GET", "/models", Host=host) == (200, {"models": [{"name": "quickstart"}], "megabytes": 0.3})


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_other_sites_change_nothing_through_a_browser(
    visitor: Visitor, tmp_path: Path, method: str, headers: dict[str, str]
) -> None:
    status, _ = visitor.json(method, "/uploads?name=a.wav", wav(), **headers)
    assert status == 403
    assert not list((tmp_path / "uploads").iterdir())


def test_the_page_itself_may_ask(visitor: Visitor) -> None:
    status, _ = visitor.json(
        "POST",
        "/uploads?name=a.wav",
        wav(),
        Host="localhost:1",
        Origin="http://localhost:1",
        Sec_Fetch_Site="same-origin",
    )
    assert status == 201


@pytest.mark.parametrize(
    ("wanted", "status", "sentence"),
    [
        ({"model": "quickstat"}, 400, "there is no model 'quickstat'"),
        ({"model": ["quickstart"]}, 400, "there is no model"),
        ({"sound": "unheard"}, 404, "the file is no longer kept here"),
        ({"transcript": "unread"}, 404, "the file is no longer kept here"),
        ({"temperature": "hot"}, 400, "the temperature is a number from 0 to 10"),
        ({"temperature": -1}, 400, "the temperature is a number from 0 to 10"),
        ({"temperature": float("nan")}, 400, "the temperature is a number from 0 to 10"),
        ({"seed": 0.5}, 400, "the seed is a whole number"),
        ({"seed": 10**400}, 400, "the seed is a number from 0"),
        ({"seed": True}, 400, "the seed is a number from 0"),
        ({"seconds": 0}, 400, "the length is a number from 0.05 to 5"),
        ({"seconds": 6}, 400, "the length is a number from 0.05 to 5"),
    ],
)
def test_impossible_wishes_are_refused_and_leave_nothing(
    visitor: Visitor, tmp_path: Path, wanted: dict, status: int, sentence: str
) -> None:
    found, answer = visitor.begin(**{"model": "quickstart", "sound": taken(visitor), **wanted})
    assert found == status
    assert answer["error"].startswith(sentence)
    assert not list((tmp_path / "jobs").iterdir())


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 10_000])
def test_what_is_no_wish_is_refused(visitor: Visitor, body: bytes) -> None:
    assert visitor.json("POST", "/jobs", body, Content_Type="application/json")[0] == 400


def test_a_wish_that_a_form_of_another_site_could_send_is_refused(visitor: Visitor) -> None:
    assert visitor.json("POST", "/jobs", b"{}", Content_Type="text/plain")[0] == 415


@pytest.mark.parametrize(
    "path",
    ["/jobs", "/jobs/x", "/jobs/x/bvh", "/app.py", "/../app.py", "/assets/app.js", "/%2e%2e/app.py", "//app.js/.."],
)
def test_nothing_else_is_served(visitor: Visitor, path: str) -> None:
    assert visitor.json("GET", path)[0] == 404


def test_only_the_forms_of_a_job_are_served(visitor: Visitor, worker: Worker) -> None:
    worker.go.set()
    _, job = visitor.begin(model="quickstart", sound=taken(visitor))
    visitor.wait(job["id"], "finished")
    for form in ("wav", "*", "..", "%2e%2e%2fmotion.wav"):
        assert visitor.json("GET", f"/jobs/{job['id']}/{form}")[0] == 404


def test_a_connection_serves_several_requests(visitor: Visitor) -> None:
    two = "GET /models HTTP/1.1\nHost: localhost\n\nGET /models HTTP/1.1\nHost: localhost\nConnection: close\n\n"
    assert raw(visitor, two).count(b"HTTP/1.1 200 OK") == 2


def test_a_mistake_of_the_program_is_an_answer_too(visitor: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    object.__setattr__(visitor.server.site, "models", lambda: 1 / 0)
    assert visitor.json("GET", "/models") == (500, {"error": "something went wrong in the program"})
    assert "ZeroDivisionError" in caplog.text


def test_a_taken_port_is_an_error(visitor: Visitor) -> None:
    with pytest.raises(OSError, match="in use"):
        Server("127.0.0.1", visitor.server.server_address[1], visitor.server.site)
