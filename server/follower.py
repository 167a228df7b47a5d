"""Followed read models: they come after the log in batches, each batch's rows and position in one
transaction of the writer, so that a crash repeats nothing and skips nothing. Woken when the log
grows, here or in another process, with a slow poll as the floor.

One process follows at a time. Should two do so for a while, because one does not know yet that its tenure is
over, each batch is applied once all the same: its transaction applies nothing unless it finds the position
where the batch begins."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial

import anyio

from domain.duties import Duty, following
from domain.envelope import Recorded
from domain.ports import EventLog, Rows, Unavailable
from projections.columns import number
from projections.projection import Projection
from server.command_bus import UnitOfWork
from server.duties import Jobs
from server.waking import REST, LoopBell

BATCH = 200
POLL_SECONDS = 1.0

_log = logging.getLogger(__name__)

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS followed_position ("
    "projection TEXT PRIMARY KEY, position BIGINT NOT NULL)",
)


def position_of(rows: Rows, projection: Projection) -> int:
    """Return the position up to which this projection has followed; 0 before the first event."""
    found = rows.select(
        "SELECT position FROM followed_position WHERE projection = ?",
        (projection.name,),
    )
    return number(found[0][0]) if found else 0


def set_position(rows: Rows, projection: Projection, position: int) -> None:
    """Store how far this projection has followed."""
    rows.execute(
        "INSERT INTO followed_position (projection, position) VALUES (?, ?) "
        "ON CONFLICT (projection) DO UPDATE SET position = excluded.position",
        (projection.name, position),
    )


class Growth:
    """Tells those who follow the log, from whatever thread, that it has grown."""

    def __init__(self) -> None:
        self._followers: tuple[Callable[[], None], ...] = ()
        self._announce: Callable[[], None] = lambda: None

    def tell(self, wake: Callable[[], None]) -> None:
        """Let one more be told."""
        self._followers = (*self._followers, wake)

    def announce_by(self, announce: Callable[[], None]) -> None:
        """Let other processes be told too, of what this one has committed."""
        self._announce = announce

    def heard(self) -> None:
        """Tell all here, of what another process may have committed."""
        for wake in self._followers:
            wake()

    def __call__(self) -> None:
        """Tell all, here and elsewhere, of what this process has committed."""
        self.heard()
        self._announce()


class Follower:
    """Keeps one projection up with the log."""

    def __init__(self, bus: Jobs, log: EventLog, projection: Projection) -> None:
        self._bus = bus
        self._log = log
        self._projection = projection
        self._grown = LoopBell(REST)

    @property
    def duty(self) -> Duty:
        """The duty of whoever runs this."""
        return following(self._projection.name)

    def wake(self) -> None:
        """Say, from any thread, that the log has grown."""
        self._grown.ring()

    async def run(self) -> None:
        """Follow until cancelled. An outage of the store is waited out; any other fault ends it: a read
        model must not fall behind unseen."""
        waiting = False
        while True:
            try:
                await anyio.to_thread.run_sync(self.catch_up)
                waiting = False
            except Unavailable as outage:
                if not waiting:
                    _log.warning("%s waits: %s", self.duty, outage)
                waiting = True
            await self._grown.wait(POLL_SECONDS)

    def catch_up(self) -> int:
        """Follow to the present head, blocking; return the position reached."""
        position = self._bus.call_blocking(lambda work: position_of(work.rows, self._projection))
        while events := self._log.events_after(position, BATCH):
            position = self._bus.call_blocking(partial(self._apply, position, events))
        while self._bus.call_blocking(lambda work: self._projection.settle(work.rows)):
            pass
        return position

    def _apply(self, position: int, events: Sequence[Recorded], work: UnitOfWork) -> int:
        """Apply a batch unless another process has come first; return the position now."""
        reached = position_of(work.rows, self._projection)
        if reached != position:
            return reached
        for recorded in events:
            self._projection.apply(work.rows, recorded)
        self._projection.settle(work.rows)
        set_position(work.rows, self._projection, events[-1].position)
        return events[-1].position
