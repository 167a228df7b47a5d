"""The look at the log for all who listen in this process: once for each wake-up, and slowly where none comes.
It runs while somebody listens and no longer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from time import monotonic

import anyio

from domain.envelope import Unreadable
from domain.ports import EventLog, Rows, Unavailable
from server.asking import for_ourselves
from server.mcp.subscriptions.changes import ANYTHING, Change, change_in
from server.mcp.subscriptions.dispatcher import Dispatcher
from server.mcp.subscriptions.subscriber import Ending, Subscriber, Tools
from server.reads import Reads
from server.waking import REST, LoopBell

BATCH = 200
"""Events of one read."""
TOGETHER = 100
"""Tokens that are verified in one read."""
POLL_SECONDS = 5.0
"""Between looks when nobody says that the log has grown."""
VERIFY_SECONDS = 60.0
"""After so long everybody is verified again, whatever has happened."""
_log = logging.getLogger(__name__)


class Watch:
    """Follows the log for one dispatcher."""

    def __init__(
        self,
        log: EventLog,
        reads: Reads,
        *,
        poll: float = POLL_SECONDS,
        verify: float = VERIFY_SECONDS,
    ) -> None:
        """The log is looked at every `poll` seconds at least, and tokens every `verify`."""
        self.dispatcher = Dispatcher()
        self._log = log
        self._reads = reads
        self._poll = poll
        self._verify = verify
        self._grown = LoopBell(REST)
        self._starting = asyncio.Lock()
        self._position = 0
        self._running: asyncio.Task[None] | None = None
        self.closed = False

    def wake(self) -> None:
        """Say, from any thread, that the log has grown."""
        if self._running is not None:
            self._grown.ring()

    def close(self) -> None:
        """End all streams, from the event loop, and take no more."""
        self.closed = True
        self.dispatcher.end_all(Ending.STOPPING)
        self._grown.ring()

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Let clients listen until the block is left."""
        try:
            yield
        finally:
            self.close()
            running = self._running
            if running is not None:
                running.cancel()
                # What it reads on a thread is read before the store may close.
                await asyncio.wait([running])

    async def join(self, subscriber: Subscriber) -> None:
        """Tell him of all that is committed from now on; raises `Unavailable`. He counts at once."""
        self.dispatcher.add(subscriber)
        async with self._starting:
            if self._running is None and not self.closed:
                self._position = await anyio.to_thread.run_sync(self._log.head)
                self._running = asyncio.create_task(self._run())
        if self.closed:
            subscriber.end(Ending.STOPPING)

    def leave(self, subscriber: Subscriber) -> None:
        """Tell him no more."""
        self.dispatcher.remove(subscriber)

    async def _run(self) -> None:
        try:
            # The task is begun in the first client's request, and outlives it.
            with for_ourselves():
                await self._follow()
        except Exception:  # noqa: BLE001 - who listens comes again, and finds a task that works
            _log.exception("the log cannot be followed for those who listen")
            self.dispatcher.end_all(Ending.FAILED)
        finally:
            self._running = None

    async def _follow(self) -> None:
        verified, waiting = monotonic(), False
        while self.dispatcher and not self.closed:
            try:
                await self._look()
                if monotonic() - verified >= self._verify:
                    verified = monotonic()
                    self.dispatcher.doubt_all()
                await self._settle()
                waiting = False
            except Unavailable as outage:
                if not waiting:
                    _log.warning("those who listen hear nothing for now: %s", outage)
                waiting = True
            await self._grown.wait(self._poll)

    async def _look(self) -> None:
        """Dispatch what is new in the log."""
        more = True
        while more:
            reached, changes, more = await anyio.to_thread.run_sync(self._new, self._position)
            self._position = reached
            for change in changes:
                self.dispatcher.dispatch(change)

    def _new(self, position: int) -> tuple[int, Sequence[Change], bool]:
        """Return how far was read, what has changed, and whether there may be more, blocking."""
        try:
            events = self._log.events_after(position, BATCH)
        except Unreadable:
            return self._log.head(), (ANYTHING,), False
        if not events:
            return position, (), False
        changes = [change for one in events if (change := change_in(one)) is not None]
        return events[-1].position, changes, len(events) == BATCH

    async def _settle(self) -> None:
        """Verify those who are doubtful."""
        while some := self.dispatcher.take_doubtful(TOGETHER):
            try:
                found = await self._reads.query(partial(_standings, some))
            except BaseException:
                self.dispatcher.doubt(some)
                raise
            for one, tools in zip(some, found, strict=True):
                one.stands(tools)


def _standings(some: Sequence[Subscriber], rows: Rows) -> list[Tools | None]:
    return [one.standing(rows) for one in some]
