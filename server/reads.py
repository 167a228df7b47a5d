"""Queries from the event loop, each over one consistent read of the store that never waits for a
writer. A query of any size runs on a worker thread; one that finds a row or two by key runs at once
where the store is this process's own file, since the way to a thread costs ten times as much."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from domain.ports import EventStore, Rows
from server.turns import Turns

Answer = TypeVar("Answer")
MOST_AT_ONCE = 16


class Reads:
    """Runs queries against the read models."""

    def __init__(self, store: EventStore, *, local: bool = False) -> None:
        """`local` says that the store answers without a network."""
        self._store = store
        self._local = local
        self._turns = Turns(MOST_AT_ONCE)

    async def query(self, ask: Callable[[Rows], Answer]) -> Answer:
        """Return what `ask` finds; raises `domain.ports.Unavailable`."""
        return await self._turns.on_thread(self.blocking, ask)

    async def point_query(self, ask: Callable[[Rows], Answer]) -> Answer:
        """Do the same for a query that finds its rows by key, without leaving the event loop where
        it can."""
        return self.blocking(ask) if self._local else await self.query(ask)

    @property
    def local(self) -> bool:
        """Whether `point_query` stays on the event loop."""
        return self._local

    def load(self) -> tuple[int, int]:
        """Return how many queries are at work on threads, and how many wait for one."""
        return self._turns.load()

    @contextmanager
    def open(self) -> Iterator[Rows]:
        """Open one consistent read, for a caller outside any event loop who asks more than once."""
        with self._store.read() as rows:
            yield rows

    def blocking(self, ask: Callable[[Rows], Answer]) -> Answer:
        """Do the same for a caller outside any event loop."""
        with self._store.read() as rows:
            return ask(rows)
