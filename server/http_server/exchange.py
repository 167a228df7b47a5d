"""One request and its answer, between a connection and the ASGI application. The head of the answer waits
for the first piece of its body, so that both are one write. When the client hangs up, the application is
told by ``http.disconnect``, what it still sends goes nowhere, and who looks at `gone` need not begin."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, MutableMapping
from typing import Any, Protocol

from starlette.types import ASGIApp, Message, Scope

from server.asking import ASKER
from server.http_server.raw_answers import status_line

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
FAILED = (500, [(b"content-type", b"text/plain; charset=utf-8")], b"Internal Server Error")
_DISCONNECT: Message = {"type": "http.disconnect"}
_log = logging.getLogger(__name__)


class Line(Protocol):
    """What an exchange needs of its connection."""

    @property
    def date(self) -> bytes:
        """The header with the time."""

    @property
    def draining(self) -> bool:
        """Whether every answer is its connection's last."""

    def write(self, data: bytes) -> None:
        """Send this to the client."""

    async def writable(self) -> None:
        """Return once the client has taken most of what was sent."""

    def take_more(self) -> None:
        """The body that had come was taken: read on."""

    def begun(self, exchange: Exchange) -> None:
        """The answer has begun."""

    def done(self, exchange: Exchange) -> None:
        """The answer is complete."""

    def cut(self) -> None:
        """End the connection at once."""


class Exchange:
    """One request and its answer."""

    __slots__ = (
        "_bodiless",
        "_chunked",
        "_continues",
        "_head",
        "_left",
        "_line",
        "_taken",
        "_wakeup",
        "answered",
        "at_work",
        "body",
        "gone",
        "keep_alive",
        "more_body",
        "scope",
        "started",
    )

    def __init__(self, line: Line, scope: Scope, *, keep_alive: bool, continues: bool) -> None:
        """`keep_alive` says that another request may follow; `continues` that the client waits to be
        asked for the body."""
        self._line = line
        self.scope = scope
        self.keep_alive = keep_alive
        self.body = bytearray()
        self.more_body = True
        self.gone = False
        self.started = False
        self.answered = False
        self.at_work = False
        self._continues = continues
        self._wakeup: asyncio.Future[None] | None = None
        self._head = b""
        self._taken = False
        self._chunked = False
        self._bodiless = False
        self._left: int | None = None

    def feed(self, data: bytes) -> None:
        """Take a piece of the body."""
        self.body += data
        self._wake()

    def feed_end(self) -> None:
        """The body is complete."""
        self.more_body = False
        self._wake()

    def leave(self) -> None:
        """The client has hung up, or is cut off."""
        self.gone = True
        self._wake()

    def _wake(self) -> None:
        waiting = self._wakeup
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    async def run(self, app: ASGIApp) -> None:
        """Let the application answer."""
        ASKER.set(self)
        try:
            await app(self.scope, self._receive, self._send)
        except asyncio.CancelledError:
            self._line.cut()
            raise
        except Exception as fault:  # noqa: BLE001 - the client is answered, the log hears why
            if self.gone:
                _log.debug("a request failed whose client had hung up", exc_info=fault)
            else:
                _log.exception("the application failed")
        if not self.answered and not self.gone:
            await self._fail()

    async def _fail(self) -> None:
        if self.started and not self._head:
            self._line.cut()
            return
        self.started, self._head, self.keep_alive = False, b"", False
        status, headers, text = FAILED
        length = (b"content-length", b"%d" % len(text))
        await self._send(
            {"type": "http.response.start", "status": status, "headers": [*headers, length]}
        )
        await self._send({"type": "http.response.body", "body": text})

    async def _receive(self) -> Message:
        while not (self.gone or self.answered or self.body) and (self.more_body or self._taken):
            if self._continues:
                self._continues = False
                self._line.write(CONTINUE)
            self._wakeup = asyncio.get_running_loop().create_future()
            await self._wakeup
        if self.gone or self.answered:
            return _DISCONNECT
        body, self.body = bytes(self.body), bytearray()
        self._taken = not self.more_body
        if self.more_body:
            self._line.take_more()
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        if self.gone:
            return
        kind = message["type"]
        if kind == "http.response.start" and not self.started:
            self._start(message["status"], message.get("headers", ()))
        elif kind == "http.response.body" and self.started and not self.answered:
            await self._put(message.get("body", b""), last=not message.get("more_body", False))
        else:
            msg = f"{kind} is not what comes next in an answer"
            raise RuntimeError(msg)

    def _start(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        line, length, lines = self._line, None, 2
        parts = [status_line(status), line.date]
        for name, value in headers:
            if name == b"content-length":
                length = int(value)
            elif name == b"connection" and value.lower() == b"close":
                self.keep_alive = False
                continue
            parts += (name, b": ", value, b"\r\n")
            lines += 1
        self._bodiless = self.scope["method"] == "HEAD" or status in (204, 304)
        self._left = None if self._bodiless else length
        self._chunked = False
        if length is None and not self._bodiless:
            self._chunked = self.scope["http_version"] == "1.1"
            self.keep_alive = self.keep_alive and self._chunked
            parts.append(b"transfer-encoding: chunked\r\n" if self._chunked else b"")
            lines += self._chunked
        if line.draining or not self.keep_alive:
            self.keep_alive = False
            parts.append(b"connection: close\r\n")
            lines += 1
        self._head = _head(parts, lines)
        self.started = True
        line.begun(self)

    async def _put(self, body: bytes, *, last: bool) -> None:
        if self._bodiless:
            body = b""
        elif self._chunked:
            body = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            body += b"0\r\n\r\n" if last else b""
        elif self._left is not None:
            self._left -= len(body)
            if self._left < 0 or (last and self._left):
                raise RuntimeError("an answer is not as long as its Content-Length says")
        if self._head or body:
            self._line.write(self._head + body)
            self._head = b""
        if last:
            self.answered = True
            self._wake()
            self._line.done(self)
        else:
            await self._line.writable()


def _head(parts: list[bytes], lines: int) -> bytes:
    """Return the head of an answer; a value with a line's end in it would begin a line of its own."""
    parts.append(b"\r\n")
    head = b"".join(parts)
    if head.count(b"\n") != lines + 1 or head.count(b"\r") != lines + 1 or b"\0" in head:
        raise RuntimeError("a header of an answer has more than one line")
    return head
