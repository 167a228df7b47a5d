"""What goes back over HTTP: JSON-RPC results and errors, encoded once, and a few plain answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.types import Send

Id = int | str
_encode = msgspec.json.Encoder().encode
Headers = tuple[tuple[bytes, bytes], ...]
JSON_CONTENT: Headers = ((b"content-type", b"application/json"),)

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND = -32700, -32600, -32601
INVALID_PARAMS, INTERNAL_ERROR = -32602, -32603
HEADER_MISMATCH, UNSUPPORTED_VERSION = -32020, -32022
STATUS = {
    PARSE_ERROR: 400,
    INVALID_REQUEST: 400,
    INVALID_PARAMS: 400,
    HEADER_MISMATCH: 400,
    UNSUPPORTED_VERSION: 400,
    METHOD_NOT_FOUND: 404,
}
"""The HTTP status of an error in the modern era; that of others, and of all before it, is 200."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP response; `code` is that of an error of the protocol, 0 where it is none."""

    status: int
    body: bytes = b""
    headers: Headers = JSON_CONTENT
    code: int = 0

    async def send(self, send: Send) -> None:
        """Send it."""
        length = (b"content-length", b"%d" % len(self.body))
        headers = [length, *self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def plain(status: int, text: str = "", headers: Headers = ()) -> Reply:
    """Return an answer of the transport itself, of which no protocol knows."""
    return Reply(status, text.encode(), headers)


def encoded(value: object) -> bytes:
    """Return JSON."""
    return _encode(value)


def result(request_id: Id, content: bytes) -> Reply:
    """Return a result, of which the JSON is at hand."""
    return Reply(200, b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (_encode(request_id), content))


def error(
    status: int, request_id: Id | None, code: int, message: str, data: object = None
) -> Reply:
    """Return an error; `request_id` is None where none could be read."""
    fault: dict[str, Any] = {"code": code, "message": message}
    if data is not None:
        fault["data"] = data
    body = _encode({"jsonrpc": "2.0", "id": request_id, "error": fault})
    return Reply(status, body, code=code)


def joined(content: bytes, more: bytes) -> bytes:
    """Return a JSON object with further members."""
    return content[:-1] + b"," + more[1:]
