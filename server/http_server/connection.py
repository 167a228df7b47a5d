"""One connection: its requests are answered one after the other. What stands behind an unanswered
request waits, and the socket is not read meanwhile. A connection is always in one phase,

    IDLE ─▶ HEAD ─▶ BODY ─▶ WORK ─▶ IDLE ...       LINGER: refused or ended; what comes is thrown away

each with a deadline, WORK without one: how long an answer takes is the application's to say. After
anything that is no request nothing on the connection can be trusted, so it ends, but the requests before
it are answered first, in order."""

from __future__ import annotations

import asyncio
from collections import deque
from http import HTTPStatus
from typing import Any, cast

from starlette.types import ASGIApp

from server.http_server.bounds import KIB
from server.http_server.connections import Connections, Phase
from server.http_server.exchange import Exchange
from server.http_server.outlet import NEVER, Outlet
from server.http_server.peer import Peer
from server.http_server.raw_answers import BadRequest, last_answer, no_room
from server.http_server.request_head import RequestHead
from server.http_server.request_reader import RequestReader

FREE_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
"""Those who watch the server are answered when nobody else is."""
MOST_THROWN_AWAY = 1024 * KIB


class Connection(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, app: ASGIApp, among: Connections) -> None:
        self._app = app
        self._all = among
        self._bounds = bounds = among.bounds
        self._loop = asyncio.get_running_loop()
        self._requests = RequestReader(bounds, self)
        self._reader: RequestReader | None = self._requests
        self._phase = Phase.LINGER
        self._current: Exchange | None = None
        self._coming: Exchange | None = None
        self._waiting: deque[Exchange] = deque()
        self._farewell = b""
        self._paused = self._renews = False
        self._thrown_away = 0
        self.deadline = NEVER
        self._transport = cast("asyncio.Transport", None)
        self._out = cast("Outlet", None)
        self._peer = cast("Peer", None)

    @property
    def date(self) -> bytes:
        """The header with the time."""
        return self._all.date

    @property
    def draining(self) -> bool:
        """Whether every answer is its connection's last."""
        return self._all.draining

    @property
    def address(self) -> str:
        """Where it comes from."""
        return self._peer.address

    @property
    def stalled_until(self) -> float:
        """Until when the client must have taken something."""
        return self._out.stalled_until

    @property
    def idle_since(self) -> float:
        """When it became idle, if it is."""
        return self.deadline - self._bounds.idle_seconds

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._out = Outlet(self._transport, self._bounds.write_seconds)
        self._peer = Peer(transport, self._all)
        if self._all.admit(self, own=self._peer.own):
            self._become(Phase.IDLE)
        elif self._all.turn_away(self):
            self._part(no_room({}, self.date, last=True), unread=True)
        else:
            self.cut()

    def connection_lost(self, _fault: Exception | None) -> None:
        self._reader = None
        self._requests.end()
        self._all.forget(self)
        self.deadline = NEVER
        self._waiting.clear()
        current, self._current, self._coming = self._current, None, None
        if current is not None:
            self._leave(current)
        self._out.end()

    def data_received(self, data: bytes) -> None:
        if self._reader is None:
            self._thrown_away += len(data)
            if self._thrown_away > MOST_THROWN_AWAY:
                self.cut()
            return
        try:
            self._reader.feed(data)
        except BadRequest as fault:
            self._refuse(fault)
        else:
            self._expect()

    def on_request(self, head: RequestHead, scope: dict[str, Any], *, keep_alive: bool) -> None:
        """Begin to answer, once those before it are answered."""
        scope.update(self._peer.ends)
        if head.forwarded:
            self._peer.says(head.forwarded, scope)
        exchange = Exchange(self, scope, keep_alive=keep_alive, continues=head.continues)
        self._coming, self._renews = exchange, True
        if self._current is None:
            self._begin(exchange)
        elif len(self._waiting) < self._bounds.pipelined:
            self._waiting.append(exchange)
        else:
            raise BadRequest(HTTPStatus.TOO_MANY_REQUESTS, "too many requests at once")

    def on_piece(self, data: bytes) -> None:
        """Hand a piece of the body on, unless nobody wants it any more."""
        coming = self._coming
        if coming is not None and not coming.answered and not coming.gone:
            coming.feed(data)
            if len(coming.body) > self._bounds.buffered_bytes:
                self._pause()

    def on_end(self) -> None:
        """Hand on that the request is complete."""
        coming, self._coming = self._coming, None
        if coming is not None:
            coming.feed_end()
            if not coming.keep_alive:
                self._reader = None

    def write(self, data: bytes) -> None:
        """Send this to the client."""
        self._transport.write(data)

    async def writable(self) -> None:
        """Return once the client has taken most of what was sent."""
        if self._out.stalled_until != NEVER:
            await self._out.writable()

    def take_more(self) -> None:
        """The body that had come was taken: read on."""
        if self._paused and not self._waiting and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()
            if self._phase is Phase.BODY:
                self.deadline = self._all.now + self._bounds.body_seconds

    def begun(self, exchange: Exchange) -> None:
        """The answer has begun: what it still costs is the client's own time."""
        if exchange.at_work:
            exchange.at_work = False
            self._all.at_work -= 1

    def done(self, exchange: Exchange) -> None:
        """Go on to the next request, or wait for it."""
        self._current = None
        if not exchange.keep_alive:
            self._part(b"")
        elif self._waiting:
            self._begin(self._waiting.popleft())
        elif self._farewell:
            self._part(self._farewell, unread=True)
        else:
            self._expect()
        self.take_more()

    def cut(self) -> None:
        """End at once: an answer that cannot be completed must not look as if it were."""
        self._transport.abort()

    def pause_writing(self) -> None:
        self._out.full(self._all.now)

    def resume_writing(self) -> None:
        self._out.free()

    def expire(self) -> None:
        """The phase has lasted too long."""
        if self._phase is Phase.IDLE:
            self.make_room()
        elif self._phase is Phase.LINGER:
            self.cut()
        elif not self._paused:
            self._refuse(BadRequest(HTTPStatus.REQUEST_TIMEOUT, "the request came too slowly"))

    def stall(self) -> None:
        """Cut the client off that takes nothing of its answer; let a slow one be."""
        if self._out.has_stalled(self._all.now):
            self._all.refused["stalled"] += 1
            self.cut()

    def make_room(self) -> None:
        """End, being idle."""
        self._part(b"")

    def _begin(self, exchange: Exchange) -> None:
        self._current, everybody = exchange, self._all
        if everybody.at_work >= self._bounds.requests and exchange.scope["path"] not in FREE_PATHS:
            everybody.refused["requests"] += 1
            exchange.keep_alive = exchange.keep_alive and not self.draining
            self.write(no_room(exchange.scope, self.date, last=not exchange.keep_alive))
            exchange.answered = True
            self.done(exchange)
            return
        exchange.at_work = True
        everybody.at_work += 1
        task = self._loop.create_task(exchange.run(self._app))
        everybody.tasks.add(task)
        task.add_done_callback(everybody.tasks.discard)

    def _expect(self) -> None:
        """Enter the phase that follows from what has come."""
        if self._reader is None and self._current is None:
            return
        if self._waiting:
            self._pause()
        if self._coming is not None:
            phase = Phase.BODY
        elif self._current is not None:
            phase = Phase.WORK
        else:
            in_head = self._reader is not None and self._reader.in_head
            phase = Phase.HEAD if in_head else Phase.IDLE
        # The deadline of a body begins with its request.
        if phase is not self._phase or self._renews:
            self._renews = False
            self._become(phase)

    def _become(self, phase: Phase) -> None:
        if self._phase is Phase.IDLE:
            self._all.idle.pop(self, None)
        self._phase = phase
        if phase is Phase.WORK:
            self.deadline = NEVER
            return
        self.deadline = self._all.now + self._all.seconds[phase]
        if phase is Phase.IDLE:
            self._all.idle[self] = None

    def _refuse(self, fault: BadRequest) -> None:
        """Answer what was asked before, then this, then end."""
        self._reader = None
        self._all.refused[str(fault.status.value)] += 1
        coming, self._coming = self._coming, None
        farewell = last_answer(fault.status, fault.why, self.date)
        if coming is not None and coming is self._current:
            if coming.started:
                self.cut()
                return
            self._leave(coming)
            self._current = None
        elif coming is not None and coming.answered:
            farewell = b""
        elif coming is not None and coming in self._waiting:
            self._waiting.remove(coming)
        if self._current is None:
            self._part(farewell, unread=True)
        else:
            self._farewell = farewell

    def _part(self, farewell: bytes, *, unread: bool = False) -> None:
        """End after a last answer. What is `unread` is read and thrown away: to close before it would
        reset the connection, and the client might lose the answer (RFC 9112 §9.6)."""
        unread = unread or self._coming is not None
        self._reader = self._coming = None
        self._become(Phase.LINGER)
        if self._transport.is_closing():
            return
        if farewell:
            self.write(farewell)
        if unread:
            self._transport.write_eof()
            self.take_more()
        else:
            self._transport.close()
        if self._transport.get_write_buffer_size():
            self.deadline = self._all.now + self._bounds.write_seconds

    def _leave(self, exchange: Exchange) -> None:
        self.begun(exchange)
        exchange.leave()

    def _pause(self) -> None:
        if not self._paused:
            self._paused = True
            self._transport.pause_reading()
