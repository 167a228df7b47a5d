"""A request's head, as the parser reads it line by line, judged and made an ASGI scope. The parser
(llhttp) is strict about framing: it refuses a second Content-Length, one beside Transfer-Encoding, bare
line feeds, folded lines, blanks before a colon, and characters that names or values cannot have. What it
would let pass and a proxy before us may read otherwise is refused here:

| what | answer |
|---|---|
| a request target over the limit | 414 |
| too many or too long headers | 431 |
| HTTP/0.9, HTTP/2.0 in HTTP/1.1's clothes | 505 |
| no Host, two, or one that names no host (RFC 9112 §3.2) | 400 |
| an absolute target for another host than Host; one with a fragment; ``*`` but for OPTIONS | 400 |
| Transfer-Encoding in HTTP/1.0 (RFC 9112 §6.1) | 400 |
| a transfer coding other than ``chunked`` (RFC 9112 §6.1) | 501 |
| Content-Encoding: nothing is unpacked | 415 |
| an expectation other than ``100-continue`` (RFC 9110 §10.1.1) | 417 |
| CONNECT, TRACE | 405 |
| a second Authorization, Content-Type or Origin | 400 |

Blanks around values are no part of them (RFC 9110 §5.5); llhttp leaves those at the end. Headers that
come after a chunked body are dropped (RFC 9110 §6.5.1)."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from server.http_server.bounds import Bounds
from server.http_server.raw_answers import BadRequest

Headers = list[tuple[bytes, bytes]]
FORWARDED = b"x-forwarded-for"
_HOST = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")
_ONCE = frozenset({b"authorization", b"content-type", b"origin"})
_JUDGED = _ONCE | {
    b"host",
    b"expect",
    b"transfer-encoding",
    b"content-encoding",
    b"content-length",
    FORWARDED,
}
_BAD, _TOO_LARGE = HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE


class RequestHead:
    """One request's head while it comes. Each step raises `BadRequest`."""

    __slots__ = ("_bounds", "_size", "continues", "forwarded", "headers", "host", "seen", "target")

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._size = 0
        self.target = b""
        self.headers: Headers = []
        self.seen: set[bytes] = set()
        self.host = b""
        self.forwarded = b""
        self.continues = False

    def add_target(self, part: bytes) -> None:
        """Take a part of the request target."""
        self.target += part
        if len(self.target) > self._bounds.url_bytes:
            raise BadRequest(HTTPStatus.REQUEST_URI_TOO_LONG, "the URL is too long")

    def add_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self._size += len(name) + len(value) + 4
        headers, bounds = self.headers, self._bounds
        if self._size > bounds.head_bytes or len(headers) >= bounds.headers:
            raise BadRequest(_TOO_LARGE, "the headers are too large")
        name, value = name.lower(), value.rstrip(b" \t")
        if name in _JUDGED:
            self._judge(name, value)
        headers.append((name, value))

    def _judge(self, name: bytes, value: bytes) -> None:
        if name == FORWARDED:
            self.forwarded = self.forwarded + b"," + value if self.forwarded else value
            return
        if name == b"host":
            if name in self.seen or _HOST.fullmatch(value) is None:
                raise BadRequest(_BAD, "there must be one Host")
            self.host = value
        elif name in self.seen and name in _ONCE:
            raise BadRequest(_BAD, f"there is more than one {name.decode()}")
        elif name == b"expect":
            if value.lower() != b"100-continue":
                raise BadRequest(HTTPStatus.EXPECTATION_FAILED, "only 100-continue is expected")
            self.continues = True
        elif name == b"transfer-encoding" and value.lower() != b"chunked":
            raise BadRequest(HTTPStatus.NOT_IMPLEMENTED, "only chunked bodies are understood")
        elif name == b"content-encoding" and value.lower() not in (b"", b"identity"):
            raise BadRequest(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "no content coding is understood")
        elif name == b"content-length" and int(value) > self._bounds.body_bytes:
            raise BadRequest(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is too large")
        self.seen.add(name)

    def scope(self, method: str, version: str) -> dict[str, Any]:
        """Return the request's scope but for its two ends, once all headers are there."""
        if version not in ("1.1", "1.0"):
            raise BadRequest(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "HTTP/1.1 is spoken here")
        if not self.host and version == "1.1":
            raise BadRequest(_BAD, "there must be one Host")
        if version == "1.0" and b"transfer-encoding" in self.seen:
            raise BadRequest(_BAD, "HTTP/1.0 knows no chunked bodies")
        if method in ("CONNECT", "TRACE"):
            raise BadRequest(HTTPStatus.METHOD_NOT_ALLOWED, f"{method} is not served")
        raw_path, _, query = self._origin_form(method).partition(b"?")
        path = raw_path.decode("ascii")
        return {
            "type": "http",
            "asgi": _ASGI,
            "http_version": version,
            "scheme": "http",
            "root_path": "",
            "method": method,
            "path": unquote(path) if "%" in path else path,
            "raw_path": raw_path,
            "query_string": query,
            "headers": self.headers,
        }

    def _origin_form(self, method: str) -> bytes:
        """Return the target without scheme and host (RFC 9112 §3.2)."""
        target = self.target
        if b"#" not in target:
            if target.startswith(b"/") or (target == b"*" and method == "OPTIONS"):
                return target
            scheme, found, rest = target.partition(b"://")
            authority, slash, path = rest.partition(b"/")
            if found and scheme.lower() in (b"http", b"https") and authority == self.host:
                return slash + path if slash else b"/"
        raise BadRequest(_BAD, "the URL is none of this server's")

    def without_upgrade(self, method: str) -> bytes:
        """Return the head again without the wish to speak another protocol, which a server may leave
        unheard (RFC 9110 §7.8): the parser reads no body behind it."""
        lines = [f"{method} ".encode(), self.target, b" HTTP/1.1\r\n"]
        for name, value in self.headers:
            if name not in (b"upgrade", b"connection"):
                lines += (name, b": ", value, b"\r\n")
            elif name == b"connection" and b"close" in value.lower():
                lines.append(b"connection: close\r\n")
        return b"".join((*lines, b"\r\n"))


_ASGI = {"version": "3.0", "spec_version": "2.3"}
