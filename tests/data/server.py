"""A server on this machine that gives a file, and breaks connections as it is told."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server(ThreadingHTTPServer):
    """Gives `content`; each of `faults`, one a request until there are no more, is what goes wrong."""

    def __init__(self, content: bytes):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = content
        self.faults: list[int | str] = []
        """A number of bytes after which the connection ends, "nothing" (it ends at once), or a status: "503"."""
        self.ranges = True
        self.asked: list[str | None] = []
        """The Range of each request."""

    @property
    def url(self) -> str:
        """Where the file is."""
        return f"http://127.0.0.1:{self.server_port}/file.zip"

    def handle_error(self, *_: object) -> None:
        """Say nothing of connections that the test breaks."""


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.asked.append(asked)
        fault = self.server.faults.pop(0) if self.server.faults else None
        if fault == "nothing":
            self.close_connection = True
            self.connection.close()
            return
        if isinstance(fault, str):
            self.send_error(int(fault))
            return
        etag = f'"{hash(self.server.content):x}"'
        same = self.headers.get("If-Range", etag) == etag
        start = int(re.findall(r"\d+", asked)[0]) if asked and self.server.ranges and same else 0
        content = self.server.content[start:]
        if start and not content:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(self.server.content)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", etag)
        if start:
            total = len(self.server.content)
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        self.end_headers()
        self.wfile.write(content if fault is None else content[:fault])
        self.close_connection = fault is not None

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(content: bytes) -> Iterator[Server]:
    """Lend a server of this content."""
    server = Server(content)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
