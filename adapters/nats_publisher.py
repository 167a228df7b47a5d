"""The publisher: follows the event log into the event stream, which is its own cursor. It reads
the stream's last message from the leader, checks that message against the log, and publishes what
comes after it, each message conditional on the sequence before. A crash, a second publisher, a
lost tail or a late copy can then neither lose, double nor reorder an event. If stream and log do
not belong together it halts and says so, rather than publish history twice.

`publisher_hint` remembers the last pair of log position and stream sequence; it is asked only when
the stream cannot tell (its last message has expired, or it was made anew)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

import anyio
import nats.errors
import nats.js.errors
from nats.aio.client import Client

from adapters.cloud_events import ID_HEADER, POSITION_HEADER, Message, to_message
from adapters.jetstream import ensure_streams, events_stream
from adapters.jetstream_pipe import Pipe, WindowFailed
from adapters.nats_connection import Connect, close, reason
from domain.ports import EventLog, EventStore, PublisherState, PublisherStatus, Unavailable

WINDOW = 100
POLL_SECONDS = 1.0
PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS publisher_hint ("
    "stream TEXT PRIMARY KEY, position BIGINT NOT NULL, sequence BIGINT NOT NULL)",
)

_log = logging.getLogger(__name__)


class Halted(Exception):  # noqa: N818 - says what happened
    """Stream and log do not belong together; a person must look."""


class NatsPublisher:
    """Publishes one store's events to one tenant's stream, from `run` until it is cancelled."""

    def __init__(self, store: EventStore, connect: Connect, tenant: str) -> None:
        """`connect` is called for each session."""
        self._store: EventStore = store
        self._connect = connect
        self._tenant = tenant
        self._stream = events_stream(tenant)
        self._status = PublisherStatus(PublisherState.DISCONNECTED, reason="not started")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._grown = asyncio.Event()
        self._resumed = asyncio.Event()

    def status(self) -> PublisherStatus:
        """Return where it stands now."""
        return self._status

    def wake(self) -> None:
        """Say, from any thread, that the log has grown."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._grown.set)

    async def run(self) -> None:
        """Follow the log for ever: connect, publish, and after any fault begin again."""
        self._loop = asyncio.get_running_loop()
        attempt = 0
        while True:
            before = self._status.position
            try:
                await self._session()
            except Halted as halt:
                self._became(PublisherState.HALTED, str(halt))
                _log.critical("the NATS publisher has halted: %s", halt)
                self._resumed.clear()
                await self._resumed.wait()
            except (WindowFailed, nats.errors.Error, OSError, TimeoutError, Unavailable) as fault:
                self._became(PublisherState.DISCONNECTED, reason(fault))
                if attempt == 0:
                    _log.warning("NATS: %s; trying again", reason(fault))
                attempt = 0 if self._status.position > before else attempt + 1
                await asyncio.sleep(PAUSES[min(attempt, len(PAUSES) - 1)])

    def resume(self, *, replay: bool) -> None:
        """Go on after a halt, from any thread: into an empty stream, with all events from the first
        on or with those that were never published. Blocking."""
        with self._store.write() as transaction:
            position = "0" if replay else "position"
            transaction.rows.execute(
                f"UPDATE publisher_hint SET position = {position}, sequence = 0 WHERE stream = ?",
                (self._stream,),
            )
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._resumed.set)

    def _became(self, state: PublisherState, reason: str = "") -> None:
        self._status = replace(self._status, state=state, reason=reason)

    async def _session(self) -> None:
        """Work over one connection until it fails."""
        client = await self._connect()
        try:
            jetstream = client.jetstream()
            drift = await ensure_streams(jetstream, self._tenant)
            for one in drift:
                _log.warning("NATS stream differs from what Doorward expects: %s", one)
            pipe = Pipe(client, self._stream)
            await pipe.open()
            position, sequence = await self._cursor(client)
            self._status = PublisherStatus(
                PublisherState.FOLLOWING, position, sequence, drift=tuple(map(str, drift))
            )
            while not client.is_closed:
                self._grown.clear()
                position, sequence = await self._publish_from(pipe, position, sequence)
                await self._wait_for_growth(client)
        finally:
            await close(client)

    async def _wait_for_growth(self, client: Client) -> None:
        """Wait for news, or long enough that the connection should be tried."""
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._grown.wait()
        except TimeoutError:
            await client.flush(timeout=5)

    async def _publish_from(self, pipe: Pipe, position: int, sequence: int) -> tuple[int, int]:
        """Publish everything after `position`; return the new position and sequence."""
        while events := await anyio.to_thread.run_sync(self._store.events_after, position, WINDOW):
            messages = [to_message(recorded, self._tenant) for recorded in events]
            _check_sizes(messages)
            sequence = await pipe.publish(messages, sequence)
            position = events[-1].position
            await anyio.to_thread.run_sync(self._remember, position, sequence)
            self._status = replace(self._status, position=position, sequence=sequence)
        return position, sequence

    async def _cursor(self, client: Client) -> tuple[int, int]:
        """Return the log position and stream sequence to go on from; raises `Halted`."""
        jetstream = client.jetstream()
        last = (await jetstream.stream_info(self._stream)).state.last_seq
        hint = await anyio.to_thread.run_sync(self._hint)
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

    def _hint(self) -> tuple[int, int] | None:
        with self._store.read() as rows:
            found = rows.select(
                "SELECT position, sequence FROM publisher_hint WHERE stream = ?", (self._stream,)
            )
        return (int(str(found[0][0])), int(str(found[0][1]))) if found else None

    def _remember(self, position: int, sequence: int) -> None:
        with self._store.write() as transaction:
            transaction.rows.execute(
                "INSERT INTO publisher_hint (stream, position, sequence) VALUES (?, ?, ?) "
                "ON CONFLICT (stream) DO UPDATE SET position = excluded.position, "
                "sequence = excluded.sequence",
                (self._stream, position, sequence),
            )


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
