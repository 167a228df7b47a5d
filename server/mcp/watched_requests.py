"""MCP requests of one resource, watched: each is counted by its method and what became of it, with how long that
took. Methods are names out of the code: whatever else somebody sends is `other`, and what was refused before
its body was read is `unread`. A stream counts when it begins, since it may last for days."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

import msgspec
from starlette.types import Message, Send

from server.mcp.protocol.exchanges import (
    CALL,
    DISCOVER,
    INITIALIZE,
    LIST,
    OFFERED,
    OTHER_METHODS,
    PING,
)
from server.mcp.protocol.replies import INTERNAL_ERROR, Reply
from server.mcp.protocol.request_headers import EVENTS
from server.mcp.watched_calls import (
    ANSWERED,
    FAILED,
    HANDSHAKE_ERA,
    HUNG_UP,
    MODERN_ERA,
    NOT_ADMITTED,
    RATE_LIMITED,
    REFUSED,
    UNAVAILABLE,
)
from server.telemetry import catalogue
from server.telemetry.meters import Meters

REQUESTS, SECONDS = catalogue.MCP_REQUESTS.name, catalogue.MCP_REQUEST_SECONDS.name
NOTIFICATIONS = frozenset({"notifications/initialized", "notifications/cancelled"})
KNOWN = OFFERED | OTHER_METHODS | NOTIFICATIONS | {CALL, LIST, DISCOVER, INITIALIZE, PING}
OTHER, UNREAD = "other", "unread"
_FAULTS, _OUR_FAULTS = 400, 500
_BY_STATUS = {401: NOT_ADMITTED, 403: NOT_ADMITTED, 429: RATE_LIMITED, 503: UNAVAILABLE}


class _Fault(msgspec.Struct):
    code: int


class _Answer(msgspec.Struct):
    error: _Fault | None = None


_answer = msgspec.json.Decoder(_Answer)


class WatchedRequests:
    """Counts the requests of one resource."""

    def __init__(self, resource: str, meters: Meters) -> None:
        self._resource = resource
        self._meters = meters

    def seen(self) -> Seen:
        """Return a request that has just come; it is counted when it is left."""
        return Seen(self)

    def note(self, method: str, outcome: str, seconds: float, *, modern: bool) -> None:
        """Count one."""
        era = MODERN_ERA if modern else HANDSHAKE_ERA
        self._meters.count(REQUESTS, self._resource, method, era, outcome)
        self._meters.observe(SECONDS, seconds, method, era)


class Seen:
    """One request, as far as it has come."""

    __slots__ = ("_began", "_method", "_modern", "_noted", "_outcome", "_requests")

    def __init__(self, requests: WatchedRequests) -> None:
        self._requests = requests
        self._began = time.perf_counter()
        self._method = UNREAD
        self._modern = self._noted = False
        # Until somebody says otherwise, its client has gone before it was answered.
        self._outcome = HUNG_UP

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _fault: object, _where: TracebackType | None
    ) -> None:
        if kind is not None and issubclass(kind, Exception):
            self._outcome = FAILED
        self._note()

    def asks(self, method: str, *, modern: bool) -> None:
        """Take note of what it asks for, in whatever words."""
        self._method = method if method in KNOWN else OTHER
        self._modern = modern

    def became(self, reply: Reply) -> None:
        """Take note of how it is answered."""
        self._outcome = _outcome(reply.status, reply.code)

    def overheard(self, send: Send) -> Send:
        """Return what sends an answer that others write, and takes note of it."""
        return _Overheard(self, send)

    def begins(self, status: int) -> None:
        """Take note of a stream, at its beginning."""
        self._outcome = _outcome(status, 0)
        self._note()

    def ends(self, status: int, body: bytes) -> None:
        """Take note of an answer that others have written."""
        self._outcome = _outcome(status, _code(body))

    def _note(self) -> None:
        if not self._noted:
            self._noted = True
            seconds = time.perf_counter() - self._began
            self._requests.note(self._method, self._outcome, seconds, modern=self._modern)


class _Overheard:
    """Sends on what others answer."""

    __slots__ = ("_body", "_seen", "_send", "_status")

    def __init__(self, seen: Seen, send: Send) -> None:
        self._seen = seen
        self._send = send
        self._status = 0
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if _streams(message):
                self._seen.begins(message["status"])
            else:
                self._status = message["status"]
        elif self._status:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                self._seen.ends(self._status, self._body)
        await self._send(message)


def _streams(start: Message) -> bool:
    types = [value for name, value in start.get("headers", ()) if name == b"content-type"]
    return any(one.startswith(EVENTS.encode()) for one in types)


def _outcome(status: int, code: int) -> str:
    if not code and status < _FAULTS:
        return ANSWERED
    usual = FAILED if code == INTERNAL_ERROR or status >= _OUR_FAULTS else REFUSED
    return _BY_STATUS.get(status, usual)


def _code(body: bytes) -> int:
    """Return the code of the error that an answer is; 0 for what is none, or no JSON-RPC at all."""
    try:
        found = _answer.decode(body).error
    except msgspec.MsgspecError:
        return 0
    return 0 if found is None else found.code
