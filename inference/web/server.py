"""The server of the page: who may ask, what is answered, and nothing from elsewhere."""

import ipaddress
import json
import logging
import shutil
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from socketserver import TCPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from inference.web.jobs import Job, Jobs, files_of
from inference.web.request_error import RequestError
from inference.web.senders import check_sender
from inference.web.uploads import Uploads

log = logging.getLogger(__name__)

ASSETS = {"/": ("app.html", "text/html"), "/app.css": ("app.css", "text/css"), "/app.js": ("app.js", "text/javascript")}
FORM_TYPES = {"html": "text/html", "bvh": "text/plain", "glb": "model/gltf-binary", "mp4": "video/mp4"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
VIEWER_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "media-src blob:; img-src data:; frame-ancestors 'self'"
)
"""What the viewer is made of is in its file; of the page around it, it sees nothing."""
MOST_JSON = 1 << 14
LOCAL_NAMES = ("localhost",)
LINGER_S = 3.0
"""So long we listen to one who goes on sending what is refused, so that he hears why."""

Wanted = Mapping[str, Any]


@dataclass(frozen=True)
class Site:
    """What the server serves."""

    uploads: Uploads
    jobs: Jobs
    models: Callable[[], list[dict[str, Any]]]
    """What can be chosen, as plain JSON."""
    begin: Callable[[Wanted], Job]
    """Begin the job that a request describes."""
    limits: Mapping[str, Any]
    """What the page tells its user before he tries."""


class Server(ThreadingHTTPServer):
    """Serves a site at an address; OSError if that cannot be had."""

    daemon_threads = True

    def __init__(self, host: str, port: int, site: Site):
        self.site = site
        self.address_family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        self.names = {*LOCAL_NAMES, host.lower(), socket.gethostname().lower()}
        assets = files("inference.web") / "assets"
        self.assets = {path: ((assets / name).read_bytes(), kind) for path, (name, kind) in ASSETS.items()}
        super().__init__((host, port), Handler)

    def server_bind(self) -> None:
        """Take the address; unlike HTTPServer, ask no name server what it is called."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    @property
    def address(self) -> str:
        """Where a browser on this machine finds the page."""
        host, port = str(self.server_address[0]), self.server_address[1]
        if ipaddress.ip_address(host).is_unspecified:
            host = LOCAL_NAMES[0]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "terpsichore", ""
    timeout = 60
    _begun = False
    """Whether the head of an answer has been sent."""

    def do_GET(self) -> None:
        """Answer with the page, what can be chosen, the state of a job, or one of its files."""
        self._answer(self._get)

    def do_POST(self) -> None:
        """Take a file, or begin a job."""
        self._answer(self._post)

    def do_DELETE(self) -> None:
        """Cancel a job."""
        self._answer(self._delete)

    def handle_expect_100(self) -> bool:
        """Refuse before the body is sent, where that is possible."""
        try:
            check_sender(self.command, self.headers, self.server.names)
            self._announced()
        except RequestError as error:
            self._refuse(error)
            return False
        return super().handle_expect_100()

    def end_headers(self) -> None:
        """End the headers with those that every answer has."""
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Tell of requests only where somebody looks for trouble."""
        log.debug(format, *args)

    def _answer(self, action: Callable[[], None]) -> None:
        self._begun = False
        try:
            check_sender(self.command, self.headers, self.server.names)
            action()
        except RequestError as error:
            self._refuse(error)
        except (ConnectionError, TimeoutError):
            self.close_connection = True
        except Exception:
            log.exception("a request failed")
            self._refuse(RequestError("something went wrong in the program", HTTPStatus.INTERNAL_SERVER_ERROR))

    def _get(self) -> None:
        match self._parts():
            case ["models"]:
                self._send_json({"models": self.server.site.models(), **self.server.site.limits})
            case ["jobs", key]:
                self._send_json(self.server.site.jobs.described(self.server.site.jobs.find(key)))
            case ["jobs", key, form]:
                self._send_file(self.server.site.jobs.find(key), form)
            case [name] if f"/{name}" in self.server.assets:
                content, kind = self.server.assets[f"/{name}"]
                self._send(content, kind, {"Content-Security-Policy": POLICY})
            case _:
                raise RequestError("there is nothing here", HTTPStatus.NOT_FOUND)

    def _post(self) -> None:
        size = self._announced()
        match self._parts():
            case ["uploads"]:
                upload = self.server.site.uploads.receive(self._name(), size, self.rfile)
                shown = {"id": upload.key, "kind": upload.kind, "label": upload.label, "seconds": upload.seconds}
                self._send_json(shown, HTTPStatus.CREATED)
            case ["jobs"]:
                job = self.server.site.begin(_read_json(self.rfile.read(size)))
                self._send_json(self.server.site.jobs.described(job), HTTPStatus.ACCEPTED)

    def _delete(self) -> None:
        match self._parts():
            case ["jobs", key]:
                self._send_json(self.server.site.jobs.described(self.server.site.jobs.cancel(key)))
            case _:
                raise RequestError("there is nothing here", HTTPStatus.NOT_FOUND)

    def _announced(self) -> int:
        """The bytes of the body to come; RequestError if they are not wanted, before any of them is read."""
        text = self.headers.get("Content-Length", "")
        if self.headers.get("Transfer-Encoding") or not (text.isascii() and text.isdecimal() and len(text) < 16):
            raise RequestError("the request does not say how long it is", HTTPStatus.LENGTH_REQUIRED)
        size = int(text)
        match self._parts():
            case ["uploads"]:
                self.server.site.uploads.announced(self._name(), size)
            case ["jobs"]:
                if self.headers.get_content_type() != "application/json":
                    raise RequestError("a job is described as JSON", HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
                if size > MOST_JSON:
                    raise RequestError("so much is no description of a job", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            case _:
                raise RequestError("there is nothing here", HTTPStatus.NOT_FOUND)
        return size

    def _parts(self) -> list[str]:
        return urlsplit(self.path).path.strip("/").split("/")

    def _name(self) -> str:
        return parse_qs(urlsplit(self.path).query).get("name", [""])[0]

    def _send_json(self, content: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK) -> None:
        self._send(json.dumps(content).encode(), "application/json", {}, status)

    def _send(self, content: bytes, kind: str, headers: Mapping[str, str], status: HTTPStatus = HTTPStatus.OK) -> None:
        self._begin(status, kind, len(content), headers)
        self.wfile.write(content)

    def _send_file(self, job: Job, form: str) -> None:
        """Send a file of a job: to be looked at, or with ?download to be kept."""
        path = files_of(job).get(form)
        if path is None:
            raise RequestError(f"there is no {form} of this motion", HTTPStatus.NOT_FOUND)
        headers = {"Content-Security-Policy": VIEWER_POLICY}
        if "download" in parse_qs(urlsplit(self.path).query, keep_blank_values=True):
            name = f"{job.wish.label.rpartition('.')[0] or 'motion'}.{form}"
            headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
        with path.open("rb") as file:
            self._begin(HTTPStatus.OK, FORM_TYPES[form], path.stat().st_size, headers)
            shutil.copyfileobj(file, self.wfile)

    def _begin(self, status: HTTPStatus, kind: str, size: int, headers: Mapping[str, str]) -> None:
        self._begun = True
        text = kind.startswith("text/") or kind == "application/json"
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if text else kind)
        self.send_header("Content-Length", str(size))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _refuse(self, error: RequestError) -> None:
        """Say why not, and end the connection, in which the rest of the body may be on its way."""
        self.close_connection = True
        if self._begun:
            return
        content = json.dumps({"error": str(error)}).encode()
        self._send(content, "application/json", {"Connection": "close"}, error.status)
        self._hear_out()

    def _hear_out(self) -> None:
        """Read on for a while: whoever is cut off while he sends does not see the answer."""
        end = time.monotonic() + LINGER_S
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(LINGER_S)
            while time.monotonic() < end and self.connection.recv(1 << 16):
                pass


def _read_json(text: bytes) -> Wanted:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RequestError("the description of the job is no JSON") from error
    if not isinstance(content, dict):
        raise RequestError("the description of the job has no names")
    return content
