"""A real HTTP server on this machine that hands out one file, well or badly."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


@dataclass(frozen=True, slots=True)
class Answer:
    """How one request is answered; as it stands, well.

    Attributes:
        drop_after: bytes of the body after which the connection is closed.
        stall_s: silence after these bytes, before the connection is closed.
        declares: the Content-Length said, where it is not the true one; -1 for none.
    """

    status: int = 200
    ignores_range: bool = False
    drop_after: int | None = None
    stall_s: float = 0.0
    declares: int | None = None
    etag: str = '"first"'
    content_type: str = "application/octet-stream"
    location: str = ""
    retry_after: str = ""


class FileServer:
    """Serves `content` at every path; the next requests are answered as `answers` says, later ones well."""

    def __init__(self, content: bytes, *answers: Answer) -> None:
        self.content, self.answers = content, list(answers)
        self.requests: list[dict[str, str]] = []
        self.sent = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/file.zip"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.requests.append({name.lower(): value for name, value in self.headers.items()})
                server.serve(self, server.answers.pop(0) if server.answers else Answer())

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def serve(self, request: BaseHTTPRequestHandler, answer: Answer) -> None:
        """Answer one request."""
        start = self._start(request, answer)
        body = self.content[start:]
        if answer.status != 200:
            status, body = answer.status, b""
        elif start >= len(self.content):
            status, body = 416, b""
        else:
            status = 206 if start else 200
        request.send_response(status)
        if status == 206:
            request.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        if status == 416:
            request.send_header("Content-Range", f"bytes */{len(self.content)}")
        if answer.location:
            request.send_header("Location", answer.location)
        if answer.retry_after:
            request.send_header("Retry-After", answer.retry_after)
        request.send_header("ETag", answer.etag)
        request.send_header("Content-Type", answer.content_type)
        declared = len(body) if answer.declares is None else answer.declares
        if declared >= 0:
            request.send_header("Content-Length", str(declared))
        request.end_headers()
        sent = body[: answer.drop_after]
        request.wfile.write(sent)
        request.wfile.flush()
        self.sent += len(sent)
        time.sleep(answer.stall_s)
        request.close_connection = True

    def _start(self, request: BaseHTTPRequestHandler, answer: Answer) -> int:
        wanted = request.headers.get("Range", "")
        is_same = request.headers.get("If-Range", answer.etag) == answer.etag
        if not wanted or answer.ignores_range or not is_same:
            return 0
        return int(wanted.removeprefix("bytes=").removesuffix("-"))
