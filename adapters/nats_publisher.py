"""The publisher: follows the event log into the event stream, which is its own cursor. It reads
the stream's last message from the leader, checks that message against the log, and publishes what
comes after it, each message conditional on the sequence before. A crash, a second publisher, a
lost tail or a late copy can then neither lose, double nor reorder an event. If stream and log do
not belong together it halts and says so, rather than publish history twice.

What the database remembers of it (`publisher_rows`) is asked only when the stream cannot tell (its last
message has expired, or it was made anew), and for those who watch. It is written now and then, and when a
session ends, since it costs a commit; the stream needs no fence, those rows have one."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import anyio
import nats.errors
import nats.js.errors
from nats.aio.client import Client

from adapters.cloud_events import ID_HEADER, POSITION_HEADER, Message, to_message
from adapters.jetstream import AUTOMATIC, ensure_streams, events_stream
from adapters.jetstream_pipe import NothingKept, Pipe, WindowFailed
from adapters.nats_connection import Connect, close, reason
from adapters.publisher_rows import PublisherRows
from domain.duties import Fence, TenureOver, unfenced
from domain.envelope import Recorded
from domain.ports import EventLog, EventStore, PublisherState, PublisherStatus, Unavailable
from domain.waking import Bell

WINDOW = 100
POLL_SECONDS = 1.0
PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)
REMEMBER_SECONDS = 1.0
"""Between notes of where publishing stands, while it goes on."""

_log = logging.getLogger(__name__)


Published = Callable[[Sequence[Recorded], float, float], None]
"""Hears which events are on the stream, and when (by `time.perf_counter`) their window was sent and
acknowledged."""


class Halted(Exception):  # noqa: N818 - says what happened
    """Stream and log do not belong together; a person must look."""


class NatsPublisher:
    """Publishes one store's events to one tenant's stream, from `run` until it is cancelled."""

    def __init__(
        self,
        store: EventStore,
        connect: Connect,
        tenant: str,
        replicas: int = AUTOMATIC,
        published: Published = lambda _events, _began, _ended: None,
        *,
        bell: Bell,
        stuck: Callable[[], None] = lambda: None,
    ) -> None:
        """`connect` is called for each session; `replicas` says on how many servers streams are kept; `stuck`
        is called, on a thread, when the server keeps nothing any more."""
        self._store: EventStore = store
        self._connect = connect
        self._tenant = tenant
        self._replicas = replicas
        self._published = published
        self._stream = events_stream(tenant)
        self._status = PublisherStatus(PublisherState.ELSEWHERE)
        self._rows = PublisherRows(store, self._stream)
        self._bell = bell
        self._stuck = stuck
        self._running = False
        self._fence: Fence = unfenced
        self._remembered = (0, 0)
        self._remember_at = 0.0

    def status(self) -> PublisherStatus:
        """Return where it stands in this process."""
        return self._status

    def observed(self) -> PublisherStatus:
        """Return where publishing stands, whichever process does it; blocking."""
        return self._status if self._running else self._rows.observed()

    def wake(self) -> None:
        """Say, from any thread, that the log has grown."""
        self._bell.ring()

    async def run(self, fence: Fence = unfenced) -> None:
        """Follow the log for ever: connect, publish, and after any fault begin again. Ends when the
        fence raises."""
        self._fence, self._running = fence, True
        self._became(PublisherState.DISCONNECTED, "not started")
        try:
            await self._follow()
        finally:
            self._running = False
            self._became(PublisherState.ELSEWHERE)

    async def _follow(self) -> None:
        attempt = 0
        while True:
            before = self._status.position
            try:
                await self._session()
            except Halted as halt:
                await self._wait_for_a_person(str(halt))
            except (WindowFailed, nats.errors.Error, OSError, TimeoutError, Unavailable) as fault:
                self._became(PublisherState.DISCONNECTED, reason(fault))
                if attempt == 0:
                    _log.warning("NATS: %s; trying again", reason(fault))
                if isinstance(fault, NothingKept):
                    await anyio.to_thread.run_sync(self._stuck)
                attempt = 0 if self._status.position > before else attempt + 1
                await asyncio.sleep(PAUSES[min(attempt, len(PAUSES) - 1)])

    def resume(self, *, replay: bool) -> None:
        """Go on after a halt, of whichever process, into an empty stream: with all events, or with those
        that were never published. Blocking, from any thread."""
        self._rows.resume(replay=replay)
        self._bell.ring()

    async def _wait_for_a_person(self, why: str) -> None:
        """Wait until a person has said how to go on, to whatever process."""
        await self._tell_of_halt(why)
        self._became(PublisherState.DISCONNECTED, why)
        while True:
            try:
                if self._status.state is not PublisherState.HALTED:
                    await anyio.to_thread.run_sync(self._rows.halt, why, self._fence)
                    # Only now: a person who sees it may say at once how to go on.
                    self._became(PublisherState.HALTED, why)
                if not await anyio.to_thread.run_sync(self._rows.halted):
                    return
            except Unavailable as outage:
                _log.warning("the halted publisher waits: %s", outage)
            await self._bell.wait(POLL_SECONDS)

    async def _tell_of_halt(self, why: str) -> None:
        """Alarm once for all processes; whoever takes the duty over says only how it stands."""
        known = ""
        with contextlib.suppress(Unavailable):
            known = await anyio.to_thread.run_sync(self._rows.halted)
        if known == why:
            _log.warning("the NATS publisher still waits for a person: %s", why)
        else:
            _log.critical("the NATS publisher has halted: %s", why)

    def _became(self, state: PublisherState, reason: str = "") -> None:
        self._status = replace(self._status, state=state, reason=reason)

    async def _session(self) -> None:
        """Work over one connection until it fails."""
        client = await self._connect()
        try:
            jetstream = client.jetstream()
            drift = await ensure_streams(jetstream, self._tenant, self._replicas)
            for one in drift:
                _log.warning("NATS stream differs from what Doorward expects: %s", one)
            pipe = Pipe(client, self._stream)
            await pipe.open()
            position, sequence = await self._cursor(client)
            # A crash may have come between an acknowledgement and its note.
            await self._remember(position, sequence)
            await anyio.to_thread.run_sync(self._rows.go_on, self._fence)
            self._status = PublisherStatus(
                PublisherState.FOLLOWING, position, sequence, drift=tuple(map(str, drift))
            )
            while not client.is_closed:
                position, sequence = await self._publish_from(pipe, position, sequence)
                await self._wait_for_growth(client)
        finally:
            with anyio.CancelScope(shield=True):
                await close(client)
                await self._remember_last()

    async def _wait_for_growth(self, client: Client) -> None:
        """Wait for news, or long enough that the connection should be tried."""
        if not await self._bell.wait(POLL_SECONDS):
            await client.flush(timeout=5)
            await self._remember_last()

    async def _publish_from(self, pipe: Pipe, position: int, sequence: int) -> tuple[int, int]:
        """Publish everything after `position`; return the new position and sequence."""
        while events := await anyio.to_thread.run_sync(self._store.events_after, position, WINDOW):
            messages = [to_message(recorded, self._tenant) for recorded in events]
            _check_sizes(messages)
            began = time.perf_counter()
            sequence = await pipe.publish(messages, sequence)
            self._published(events, began, time.perf_counter())
            position = events[-1].position
            if self._remembered[1] == 0 or time.monotonic() >= self._remember_at:
                await self._remember(position, sequence)
            self._status = replace(self._status, position=position, sequence=sequence)
        return position, sequence

    async def _cursor(self, client: Client) -> tuple[int, int]:
        """Return the log position and stream sequence to go on from; raises `Halted`."""
        jetstream = client.jetstream()
        last = (await jetstream.stream_info(self._stream)).state.last_seq
        hint = await anyio.to_thread.run_sync(self._rows.hint)
        if last == 0:
            if hint is not None and hint[1] != 0:
                msg = (
                    "the stream is empty, but events were published to it before; an operator has "
                    "to say how to go on: doorward nats resume"
                )
                raise Halted(msg)
            return hint or (0, 0)
        try:
            message = await jetstream.get_msg(self._stream, last)
        except nats.js.errors.NotFoundError:
            if hint is None or hint[1] != last:
                msg = "the stream's last message is gone and nothing else tells its position"
                raise Halted(msg) from None
            return hint
        headers = message.headers or {}
        position = await anyio.to_thread.run_sync(
            _checked_position, self._store, headers.get(POSITION_HEADER), headers.get(ID_HEADER)
        )
        return position, last

    async def _remember(self, position: int, sequence: int) -> None:
        """Write down where publishing stands."""
        await anyio.to_thread.run_sync(self._rows.remember, position, sequence, self._fence)
        self._remembered = (position, sequence)
        self._remember_at = time.monotonic() + REMEMBER_SECONDS

    async def _remember_last(self) -> None:
        """Write down what was published since the last note. Nobody is stopped by its failure: the next
        session does it."""
        last = (self._status.position, self._status.sequence)
        if last[1] > self._remembered[1]:
            with contextlib.suppress(Unavailable, TenureOver):
                await self._remember(*last)


def _checked_position(log: EventLog, position: str | None, event_id: str | None) -> int:
    """Return the position of the stream's last message if the log has just that event there."""
    if position is None or not position.isdecimal():
        msg = "the stream's last message is not one of Doorward's"
        raise Halted(msg)
    ids = [one.envelope.event_id for one in log.events_after(int(position) - 1, 1)]
    if ids != [event_id]:
        msg = f"the log holds another event at {position} than the stream: was one restored?"
        raise Halted(msg)
    return int(position)


def _check_sizes(messages: Sequence[Message]) -> None:
    for message in messages:
        if len(message.payload) > 250 * 1024:
            msg = f"event {message.headers[ID_HEADER]} is too large for the stream"
            raise Halted(msg)
