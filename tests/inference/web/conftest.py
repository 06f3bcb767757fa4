"""A server with a small site, whose jobs do what the test tells them."""

import http.client
import io
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
import soundfile

from inference.web.jobs import FORMS, Jobs, Tell
from inference.web.server import Server, Site
from inference.web.uploads import Limits, Uploads
from inference.web.wish import Wish, read_wish

MODELS = ("quickstart",)
LIMITS = Limits(megabytes=0.3, text_megabytes=0.1, seconds=5.0, files=3)


def wav(seconds: float = 1.0, rate: int = 8000) -> bytes:
    """A sound file."""
    file = io.BytesIO()
    soundfile.write(file, 0.1 * np.sin(np.arange(round(seconds * rate)) / 5), rate, format="WAV")
    return file.getvalue()


@dataclass
class Worker:
    """What does the jobs: it waits until it may go on, then writes a file in each form, or raises a mistake."""

    go: threading.Event = field(default_factory=threading.Event)
    began: threading.Event = field(default_factory=threading.Event)
    wishes: list[Wish] = field(default_factory=list)
    mistake: Exception | None = None

    def perform(self, wish: Wish, folder: Path, tell: Tell) -> None:
        self.wishes.append(wish)
        tell("generating", 1, 4)
        self.began.set()
        assert self.go.wait(20)
        tell("generating", 4, 4)
        if self.mistake:
            raise self.mistake
        folder.mkdir()
        for form in FORMS:
            (folder / f"motion.{form}").write_text(f"a {form} of {wish.label}", encoding="utf-8")


@dataclass
class Visitor:
    """Asks a server, as the page does."""

    server: Server

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Status, headers and content of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_address[1], timeout=20)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): text for name, text in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def json(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, dict[str, Any]]:
        """Status and JSON of the answer."""
        status, _, content = self.ask(method, path, body, **headers)
        return status, json.loads(content)

    def upload(self, name: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Upload a file of this name."""
        return self.json("POST", f"/uploads?name={quote(name)}", body)

    def begin(self, **wanted: Any) -> tuple[int, dict[str, Any]]:
        """Ask for a job."""
        return self.json("POST", "/jobs", json.dumps(wanted).encode(), Content_Type="application/json")

    def wait(self, key: str, *states: str) -> dict[str, Any]:
        """A job once it is in one of these states."""
        pause = threading.Event()
        for _ in range(1000):
            _, job = self.json("GET", f"/jobs/{key}")
            if job["state"] in states:
                return job
            pause.wait(0.02)
        raise AssertionError(job)


@pytest.fixture
def worker() -> Worker:
    return Worker()


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path / "uploads", LIMITS)


@pytest.fixture
def jobs(tmp_path: Path, worker: Worker) -> Iterator[Jobs]:
    jobs = Jobs(tmp_path / "jobs", worker.perform, kept=2, waiting=2)
    yield jobs
    worker.go.set()
    jobs.close()


@pytest.fixture
def visitor(uploads: Uploads, jobs: Jobs) -> Iterator[Visitor]:
    site = Site(
        uploads,
        jobs,
        models=lambda: [{"name": name} for name in MODELS],
        begin=lambda wanted: jobs.add(lambda folder: read_wish(wanted, folder, uploads, MODELS)),
        limits={"megabytes": LIMITS.megabytes},
    )
    with Server("127.0.0.1", 0, site) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield Visitor(server)
        server.shutdown()
        thread.join()
