"""Queries from the event loop: each runs on a worker thread, over one consistent read of the
store, and never waits for a writer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio

from domain.ports import EventStore, Rows

Answer = TypeVar("Answer")
MOST_AT_ONCE = 16


class Reads:
    """Runs queries against the read models."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._limiter = anyio.CapacityLimiter(MOST_AT_ONCE)

    async def query(self, ask: Callable[[Rows], Answer]) -> Answer:
        """Return what `ask` finds; raises `domain.ports.Unavailable`."""
        return await anyio.to_thread.run_sync(self.blocking, ask, limiter=self._limiter)

    def blocking(self, ask: Callable[[Rows], Answer]) -> Answer:
        """Do the same for a caller outside any event loop."""
        with self._store.read() as rows:
            return ask(rows)
