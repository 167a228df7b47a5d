"""Answers that are written without the application: to what is no request, comes too slowly or is too
much. They end the connection, since what follows on it cannot be trusted; only "no room" does not."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from server.overload import BUSY, told

STATUS_LINES = {one.value: f"HTTP/1.1 {one.value} {one.phrase}\r\n".encode() for one in HTTPStatus}
_MORE = {
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: b"accept-encoding: identity\r\n",
    HTTPStatus.SERVICE_UNAVAILABLE: b"retry-after: 1\r\n",
}


class BadRequest(Exception):  # noqa: N818 - says what it is
    """What a client sent is refused before the application sees it."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


def status_line(status: int) -> bytes:
    """Return the first line of an answer."""
    return STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status


def last_answer(status: HTTPStatus, why: str, date: bytes) -> bytes:
    """Return a whole answer after which the connection ends."""
    text = f"{why}\n".encode()
    return b"".join(
        (
            status_line(status),
            date,
            _MORE.get(status, b""),
            b"content-type: text/plain; charset=utf-8\r\n",
            b"cache-control: no-store\r\nconnection: close\r\n",
            b"content-length: %d\r\n\r\n" % len(text),
            text,
        )
    )


def no_room(scope: Mapping[str, Any], date: bytes, *, last: bool) -> bytes:
    """Return the answer to a request for which there is no room; the next may find some. Of a connection
    that is not taken at all, `scope` is empty."""
    shown = any(
        name == b"accept" and b"text/html" in value for name, value in scope.get("headers", ())
    )
    media, body = told(scope.get("path", ""), BUSY, browser=shown)
    return b"".join(
        (
            STATUS_LINES[503],
            date,
            b"retry-after: 1\r\ncache-control: no-store\r\n",
            b"connection: close\r\n" if last else b"",
            b"content-type: %s\r\ncontent-length: %d\r\n\r\n" % (media.encode(), len(body)),
            b"" if scope.get("method") == "HEAD" else body,
        )
    )
