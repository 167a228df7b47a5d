"""The loop that delivers to all webhooks: it looks which of them have something to do, lets each have a
line of its own so that a slow receiver holds up nobody else, and sleeps until the log grows or the
next attempt is due. What other processes ask for is seen at a slow poll."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

import anyio
from anyio.abc import TaskGroup

from domain.ports import Rows, Unavailable
from domain.webhook import WebhookState
from projections.webhooks import webhooks
from server.waking import REST, LoopBell
from server.webhooks import cursors
from server.webhooks.failures import next_due
from server.webhooks.line import Line, Means
from server.webhooks.sealed_secrets import reseal, stale

POLL_SECONDS = 1.0
MOST_AT_ONCE = 32

_log = logging.getLogger(__name__)


class Deliveries:
    """Delivers events to webhooks, from `run` until it is cancelled."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._news = LoopBell(REST)
        self._running: set[str] = set()
        self._limiter = anyio.Semaphore(MOST_AT_ONCE)

    def wake(self) -> None:
        """Say, from any thread, that there may be something to do."""
        self._news.ring()

    async def run(self) -> None:
        """Deliver until cancelled. An outage of the store is waited out; any other fault ends it."""
        async with anyio.create_task_group() as lines:
            while True:
                await self._news.wait(await self._look(lines))

    async def _look(self, lines: TaskGroup) -> float:
        """Start a line for each webhook with something to do; return for how long there is none."""
        try:
            if await self._means.reads.query(lambda rows: stale(rows, self._means.keys.ring())):
                await self._means.bus.call(lambda work: reseal(work.rows, self._means.keys.ring()))
            head = await anyio.to_thread.run_sync(self._means.log.head)
            moments = await self._means.reads.query(lambda rows: self._moments(rows, head))
        except Unavailable as outage:
            _log.warning("webhooks wait: %s", outage)
            return POLL_SECONDS
        now, pause = self._means.clock(), timedelta(seconds=POLL_SECONDS)
        for name, moment in moments.items():
            if name in self._running:
                continue
            if moment <= now:
                self._running.add(name)
                lines.start_soon(self._deliver, name)
            else:
                pause = min(pause, moment - now)
        return pause.total_seconds()

    def _moments(self, rows: Rows, head: int) -> dict[str, datetime]:
        """Return when each webhook has something to do, if it has."""
        now = self._means.clock()
        moments: dict[str, datetime] = {}
        for row in webhooks(rows):
            cursor = cursors.cursor(rows, row.name)
            if row.state is not WebhookState.ACTIVE or cursor is None:
                continue
            due = next_due(rows, row.name)
            callable_at = cursor.callable_at(now)
            if cursor.position < head:
                moments[row.name] = callable_at
            elif due is not None and due.due_at is not None:
                moments[row.name] = max(callable_at, due.due_at)
        return moments

    async def _deliver(self, name: str) -> None:
        """Deliver to one webhook until there is nothing to do now."""
        line = Line(self._means, name)
        try:
            more = True
            while more:
                async with self._limiter:
                    more = await line.step()
        except Unavailable as outage:
            _log.warning("webhook %s waits: %s", name, outage)
            await asyncio.sleep(POLL_SECONDS)
        finally:
            self._running.discard(name)
            self._news.ring()
