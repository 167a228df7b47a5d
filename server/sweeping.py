"""What is kept for a time and then goes: the first answers to commands that came with a key or an id of
their own. They are promises to callers, not history, and would else be one row a command for ever.

A table is gone through in the order of its key, a page at a time, beside whoever writes; only where a page
has something old does the writer drop it, by one short statement. So nothing is paid for it when a command
comes, not even an index by age. A key has no time, but the position of the log at which it was used: it is
old when an event behind that position is. Where this stops in the middle, nothing is lost but time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import anyio

from domain.ports import Clock, EventStore, Row, Rows, Unavailable, Value
from projections.columns import instant
from server import idempotency
from server.audit.looking_back.moments import MOST_DELAYED, BadMoment, position_at
from server.command_bus import UnitOfWork
from server.duties import Jobs
from server.reads import Reads

FIRST_SECONDS = 600.0
"""After the start, when there is more urgent work; also until what failed is tried again."""
EVERY_SECONDS = 6 * 3600.0
PAGE = 500
OUTCOMES_KEPT = timedelta(days=90)
"""How long the outcome of an integration's command is known: as long as dead letters are kept, and longer
than the stream of commands, so that nothing that comes again is taken for new."""

_log = logging.getLogger(__name__)


Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Promises:
    """A table of first answers: the two columns of its key, and the one that says how old a row is."""

    table: str
    key: str
    age: str

    def page(self, rows: Rows, limit: Value, after: Key) -> list[Row]:
        """Return the next keys, and of each whether it is old."""
        return rows.select(
            f"SELECT {self.key}, CASE WHEN {self.age} < ? THEN 1 ELSE 0 END FROM {self.table} "
            f"WHERE ({self.key}) > (?, ?) ORDER BY {self.key} LIMIT ?",
            (limit, *after, PAGE),
        )

    def drop(self, rows: Rows, limit: Value, after: Key) -> int:
        """Drop what is old of a page; what was put there since is not. The page is spelled out once more: of
        two bounds PostgreSQL does not know how near they are, and it would go through the table."""
        return rows.execute(
            f"DELETE FROM {self.table} WHERE {self.age} < ? AND ({self.key}) IN ("
            f"SELECT {self.key} FROM {self.table} "
            f"WHERE ({self.key}) > (?, ?) ORDER BY {self.key} LIMIT ?)",
            (limit, *after, PAGE),
        )


KEYS = Promises("idempotency_key", "scope, key", "position")
OUTCOMES = Promises("command_outcome", "principal, command_id", "at")


class Sweeping:
    """Drops what is old, from `run` until it is cancelled."""

    def __init__(self, bus: Jobs, reads: Reads, store: EventStore, clock: Clock) -> None:
        self._bus = bus
        self._reads = reads
        self._store = store
        self._clock = clock

    async def run(self) -> None:
        """Sweep now and then until cancelled. An outage of the store is waited out."""
        pause = FIRST_SECONDS
        while True:
            await asyncio.sleep(pause)
            try:
                await self.sweep()
                pause = EVERY_SECONDS
            except Unavailable as outage:
                _log.warning("old rows stay for now: %s", outage)
                pause = FIRST_SECONDS

    async def sweep(self) -> int:
        """Drop all that is old by now; return how many rows it was."""
        now = self._clock()
        oldest = await anyio.to_thread.run_sync(self._oldest_kept, now - idempotency.KEPT)
        dropped = await self._go_through(KEYS, oldest)
        dropped += await self._go_through(OUTCOMES, instant(now - OUTCOMES_KEPT))
        if dropped:
            _log.info("dropped %d first answers whose time is over", dropped)
        return dropped

    def _oldest_kept(self, then: datetime) -> int:
        """Return the position before which keys are old: what stands behind one of these was recorded by
        `then`, and so the key was used before."""
        try:
            return position_at(self._store, then - MOST_DELAYED, self._store.head())
        except BadMoment as hole:
            _log.warning("idempotency keys stay for now: %s", hole)
            return 0

    async def _go_through(self, promises: Promises, limit: Value) -> int:
        dropped, after = 0, ("", "")
        while True:
            page = await self._reads.query(partial(promises.page, limit=limit, after=after))
            if not page:
                return dropped
            if any(old for *_, old in page):
                drop = partial(promises.drop, limit=limit, after=after)
                dropped += await self._bus.call(partial(_on_rows, drop))
            after = (str(page[-1][0]), str(page[-1][1]))


def _on_rows(drop: Callable[[Rows], int], work: UnitOfWork) -> int:
    return drop(work.rows)
