"""A web server on this machine that misbehaves as real ones do."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Conduct:
    """How the next answers are given; `requests` notes the path and the range of each."""

    files: dict[str, bytes]
    cut_after: list[int] = field(default_factory=list)  # bytes after which to close the connection, an entry an answer
    announce: int | None = None  # a length to announce instead of the true one
    ignore_range: bool = False
    wrong_range: bool = False
    status: int | None = None
    redirect: str | None = None
    encoding: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    silent: bool = False
    requests: list[tuple[str, str]] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    conduct: Conduct

    def do_GET(self) -> None:
        conduct, asked = self.conduct, self.headers.get("Range", "")
        conduct.requests.append((self.path, asked))
        content = conduct.files.get(self.path.lstrip("/"))
        if conduct.silent:
            threading.Event().wait(3)
            return None
        if conduct.redirect:
            return self._head(302, {"Location": conduct.redirect + self.path})
        if conduct.status or content is None:
            return self._head(conduct.status or 404, {"Content-Length": "0"})
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and not conduct.ignore_range else 0
        if start >= len(content) and start:
            return self._head(416, {"Content-Range": f"bytes */{len(content)}", "Content-Length": "0"})
        return self._send(content, start)

    def _send(self, content: bytes, start: int) -> None:
        conduct = self.conduct
        headers = {"Content-Length": str(conduct.announce if conduct.announce is not None else len(content) - start)}
        if conduct.encoding:
            headers["Content-Encoding"] = conduct.encoding
        if start:
            first = start + 5 if conduct.wrong_range else start
            headers["Content-Range"] = f"bytes {first}-{len(content) - 1}/{len(content)}"
        self._head(206 if start else 200, headers | conduct.headers)
        end = start + conduct.cut_after.pop(0) if conduct.cut_after else len(content)
        self.wfile.write(content[start:end])
        self.close_connection = True

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing is printed."""


@contextmanager
def serving(conduct: Conduct) -> Iterator[str]:
    """The address of a server that conducts itself so, with a slash at its end."""
    handler = type("Handler", (_Handler,), {"conduct": conduct})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
