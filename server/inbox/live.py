"""Pages that are told when they are out of date: server-sent events (HTML §9.2), one stream for each open
page. A stream says only that something changed; the page then fetches itself again, with all that
guards it. A page carries the mark of what it shows and opens its stream with it: so nothing that comes
in between is lost. Those of a person are counted, so that many tabs cannot use up the connections."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator

from starlette.requests import Request as HttpRequest
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from domain.ports import Rows
from domain.values import PersonId, RequestId
from projections.access_requests import request_by_id
from projections.inbox import inbox_mark
from projections.people import PersonRow
from server.idempotency import fingerprint
from server.inbox.part import may_see
from server.pages import script
from server.reads import Reads
from server.request_bodies import storable
from server.sign_in.endpoint import SignIn
from server.waking import REST, LoopBell

STREAM, SCRIPT = "/inbox/events", "/assets/live.js"
MOST_STREAMS = 4
"""For each person; browsers allow six connections to one server, over HTTP/1.1."""
BEAT_SECONDS = 15.0
"""Between signs of life, and between looks at what nobody has told."""


def mark_of(rows: Rows, person: PersonId, about: RequestId | None = None) -> str:
    """Return what differs as soon as the page would: the inbox of this person, or one request. A
    page takes it before its content, in the same read."""
    row = request_by_id(rows, about) if about else None
    return fingerprint([person, *inbox_mark(rows, person), row.version if row else 0])


def _shown(request: HttpRequest) -> str:
    """Return the mark of what the browser shows, whatever it sends. After a reconnect that is what
    it was told last (HTML §9.2.4); the URL still has the mark that the page came with."""
    return request.headers.get("last-event-id") or request.query_params.get("mark", "")


def _seen(rows: Rows, about: RequestId, person: PersonRow) -> bool:
    row = request_by_id(rows, about)
    return row is not None and may_see(rows, row, person)


class Live:
    """``/inbox/events`` and the script that listens to it."""

    def __init__(self, reads: Reads, sign_in: SignIn) -> None:
        self._reads = reads
        self._sign_in = sign_in
        self._open: Counter[PersonId] = Counter()
        self._bells: tuple[LoopBell, ...] = ()
        self._closing = False

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route(STREAM, self.stream, methods=["GET"]),
            Route(SCRIPT, self.script, methods=["GET"]),
        ]

    def wake(self) -> None:
        """Say, from any thread, that the log has grown."""
        for one in self._bells:
            one.ring()

    def close(self) -> None:
        """End all streams, from the event loop, so that the server can end."""
        self._closing = True
        self.wake()

    async def script(self, _request: HttpRequest) -> Response:
        """Return the script of the pages."""
        return script("live.js")

    async def stream(self, request: HttpRequest) -> Response:
        """Open a stream for whoever is signed in, about his inbox or one request."""
        session = await self._sign_in.session(request)
        if session is None:
            return PlainTextResponse("sign in first", 401)
        person = session.person.person_id
        about = RequestId(storable(request.query_params.get("request", "")))
        named = "request" in request.query_params
        if named and not await self._reads.query(lambda rows: _seen(rows, about, session.person)):
            return PlainTextResponse("there is no such request", 404)
        if self._open[person] >= MOST_STREAMS:
            return PlainTextResponse("too many pages are open", 429)
        return StreamingResponse(
            self._events(request, person, about),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def _events(
        self, request: HttpRequest, person: PersonId, about: RequestId
    ) -> AsyncIterator[str]:
        self._open[person] += 1
        grown = LoopBell(REST)
        self._bells = (*self._bells, grown)
        shown = _shown(request)
        try:
            yield "retry: 5000\n\n"
            while not self._closing:
                if await self._sign_in.session(request) is None:
                    return
                now = await self._reads.query(lambda rows: mark_of(rows, person, about))
                yield ": alive\n\n" if now == shown else f"id: {now}\nevent: changed\ndata: 1\n\n"
                shown = now
                await grown.wait(BEAT_SECONDS)
        finally:
            self._bells = tuple(one for one in self._bells if one is not grown)
            self._open[person] -= 1
