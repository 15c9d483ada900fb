"""Brings one file from one address, going on where an earlier try stopped.

Built on pooch's HTTP downloader. What arrives is appended to a file beside the target (`.part`), which outlives a cut
connection, Ctrl-C and the process; only the caller, once it has checked the bytes, gives it its name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

CHUNK_BYTES = 1 << 13
"""What arrives of a chunk is lost when the connection is cut within it."""
REASONS = {
    "ConnectTimeout": "no answer in time",
    "ReadTimeout": "no answer in time",
    "ChunkedEncodingError": "the connection was cut off",
    "ConnectionError": "no connection",
    "ProxyError": "no connection",
    "SSLError": "no secure connection",
    "TooManyRedirects": "it sends from one address to the next without end",
}
"""What the exceptions of pooch's HTTP library mean, by name; others are told in their own words."""

Progress = Callable[[int, int | None], None]
"""Told bytes that have arrived, those of earlier tries included, and how many there will be if the server says."""


class CannotWriteError(Exception):
    """The folder or the disk refuses; another mirror would not help."""


class _UnfitError(Exception):
    """The server's answer cannot be put to use."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """How a try ended. `reason` is None where the server sent all that it announced; `status` is HTTP's, 0 for none."""

    reason: str | None
    status: int


@dataclass
class _Sink:
    """The partial file as something to write to. The server's answer tells where its bytes begin."""

    path: Path
    most_bytes: int
    progress: Progress
    received: int = 0
    announced: int | None = None
    status: int = 0
    answers: list[Any] = field(default_factory=list[Any])
    file: BinaryIO = field(init=False)

    def __enter__(self) -> _Sink:
        try:
            self.file = self.path.open("ab", buffering=0)
        except OSError as error:
            raise CannotWriteError(_words(error)) from None
        self.received = self.file.tell()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        for answer in self.answers:
            answer.close()
        self.file.close()

    def begin(self, response: Any, *_arguments: object, **_options: object) -> None:
        """Called with the head of an answer, before its bytes; it is closed with the sink."""
        self.answers.append(response)
        self.status = response.status_code
        if self.status == 206:
            self._go_on(str(response.headers.get("Content-Range", "")), response.headers)
        elif self.status == 200 and self.received:  # the server does not know how to go on
            self._cut(0)
        length = str(response.headers.get("Content-Length", ""))
        self.announced = self.received + int(length) if length.isascii() and length.isdigit() else None

    def _go_on(self, content_range: str, headers: Any) -> None:
        start = re.match(r"bytes (\d{1,15})-", content_range)
        if start is None or int(start[1]) > self.received or headers.get("Content-Encoding", "identity") != "identity":
            raise _UnfitError("its answer does not go on where the last one ended")
        self._cut(int(start[1]))

    def _cut(self, size_bytes: int) -> None:
        self.file.truncate(size_bytes)
        self.received = size_bytes

    def write(self, chunk: bytes) -> None:
        if self.received + len(chunk) > self.most_bytes:
            raise _UnfitError(f"it sends more than {self.most_bytes:,} bytes")
        try:
            written = self.file.write(chunk)
        except OSError as error:
            raise CannotWriteError(_words(error)) from None
        self.received += written
        if written != len(chunk):
            raise CannotWriteError("no space left on device")
        self.progress(self.received, self.announced)

    def flush(self) -> None:
        """Nothing is held back."""


def transfer(url: str, part: Path, most_bytes: int, timeout_seconds: float, progress: Progress) -> Transfer:
    """Appends to `part` what is missing of the file at `url`, or starts anew where the server cannot go on.

    Takes no more than `most_bytes` in all. Raises CannotWriteError; what the network does wrong is in the answer.
    """
    import pooch  # noqa: PLC0415 (downloads only)  # pyright: ignore[reportMissingTypeStubs]

    with _Sink(part, most_bytes, progress) as sink:
        headers = {"Accept-Encoding": "identity"}
        if sink.received:
            headers["Range"] = f"bytes={sink.received}-"
        load = pooch.HTTPDownloader(
            chunk_size=CHUNK_BYTES, headers=headers, hooks={"response": sink.begin}, timeout=timeout_seconds
        )
        try:
            load(url, sink, None)  # pyright: ignore[reportArgumentType]  a file-like object and no registry are allowed
        except (OSError, ValueError, _UnfitError) as error:  # the HTTP library's own errors are OSErrors
            return Transfer(_reason(error, sink.status), sink.status)
        return Transfer(None, sink.status)


def _reason(error: Exception, status: int) -> str:
    if status >= 400:
        return f"it answers {status}"
    return REASONS.get(type(error).__name__, str(error) or type(error).__name__)


def _words(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
