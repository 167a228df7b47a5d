"""Around the whole web application: counts requests by the template of their route, never by their URL;
begins the trace of a request, or carries on the one it is part of; and logs that it was answered, where that
is asked for."""

from __future__ import annotations

import logging
import time
from collections.abc import Container, Iterable, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.trace_context import Traceparent, traceparent
from server.telemetry import catalogue
from server.telemetry.current import within
from server.telemetry.logs import ACCESS_LOG
from server.telemetry.meters import Meters
from server.telemetry.spans import Part, Span, Tracing

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NO_ROUTE, NO_METHOD, NO_ANSWER = "none", "other", "none"
SERVER_ERROR = 500
REQUESTS, SECONDS = catalogue.HTTP_REQUESTS.name, catalogue.HTTP_REQUEST_SECONDS.name
_access = logging.getLogger(ACCESS_LOG)


class Watched:
    """An ASGI application around another."""

    def __init__(
        self, app: ASGIApp, meters: Meters, tracing: Tracing, direct: Container[str] = ()
    ) -> None:
        """`direct` are the paths that are answered without a router: each is its own template."""
        self._app = app
        self._direct = direct
        self._meters = meters
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer, and note that it did."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answered = _Answered(send)
        parent = sent(scope["headers"])
        try:
            if parent is None and not self._tracing.on:
                await self._app(scope, receive, answered)
            else:
                await self._traced(scope, receive, answered, parent)
        finally:
            self._note(scope, answered)

    async def _traced(
        self, scope: Scope, receive: Receive, answered: _Answered, parent: Traceparent | None
    ) -> None:
        span = self._tracing.begin(_method(scope), parent, Part.SERVER)
        try:
            with within(span.traceparent):
                await self._app(scope, receive, answered)
        finally:
            _end(span, _method(scope), self._template(scope), answered.status)

    def _note(self, scope: Scope, answered: _Answered) -> None:
        method, route, status = _method(scope), self._template(scope), answered.status
        self._meters.count(REQUESTS, method, route, status or NO_ANSWER)
        self._meters.observe(SECONDS, answered.seconds, route)
        if _access.isEnabledFor(logging.INFO):
            _access.info("%s %s %s in %.1f ms", method, route, status, answered.seconds * 1e3)

    def _template(self, scope: Scope) -> str:
        """Return the template of the route that took a request: ``/requests/{request_id}``."""
        if scope["path"] in self._direct:
            path: str = scope["path"]
            return path
        return getattr(scope.get("route"), "path", None) or NO_ROUTE


class _Answered:
    """Sends on what is answered, and remembers the status and when it came."""

    __slots__ = ("_began", "_send", "seconds", "status")

    def __init__(self, send: Send) -> None:
        self._began = time.perf_counter()
        self._send = send
        self.status = ""
        self.seconds = 0.0

    async def __call__(self, message: Message) -> None:
        if not self.status and message["type"] == "http.response.start":
            self.status = str(message["status"])
            self.seconds = time.perf_counter() - self._began
        await self._send(message)


def _end(span: Span, method: str, route: str, status: str) -> None:
    attributes: Mapping[str, str | int] = {
        "http.request.method": method,
        "http.route": route,
        "http.response.status_code": int(status or 0),
    }
    failed = not status or int(status) >= SERVER_ERROR
    span.end(attributes, error=(status or NO_ANSWER) if failed else "", name=f"{method} {route}")


def _method(scope: Scope) -> str:
    method: str = scope["method"]
    return method if method in METHODS else NO_METHOD


def sent(headers: Iterable[tuple[bytes, bytes]]) -> Traceparent | None:
    """Return the `traceparent` among headers, if there is just one and it is of its form."""
    found = None
    for name, value in headers:
        if name == b"traceparent":
            if found is not None:
                return None
            found = value
    return None if found is None else traceparent(found.decode("latin-1"))
