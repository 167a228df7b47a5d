"""Having the model read the catalog: each record anew when its text has changed, few at a time, on a
thread of its own, so that nobody waits for it.

One process reads at a time, and only the newest tenure writes: a process that was paused would else store
what an older text meant, and nobody would look at that record again until the catalog changes."""

from __future__ import annotations

import logging

import anyio

from domain.meaning import Embedder
from domain.ports import Unavailable
from projections import catalog
from projections.catalog.search import vectors
from projections.catalog.search.tables import Collection
from server.duties import Jobs
from server.follower import position_of
from server.reads import Reads

_log = logging.getLogger(__name__)

PAGE, BATCH = 500, 32
POLL_SECONDS = 5.0


class Embedding:
    """Keeps the vectors up with the catalog, from `run` until it is cancelled."""

    def __init__(self, bus: Jobs, reads: Reads, embedder: Embedder) -> None:
        self._bus = bus
        self._reads = reads
        self._embedder = embedder
        self._done = -1

    async def run(self) -> None:
        """Read until cancelled. An outage of the store is waited out."""
        # Another process may have stored what this one knows nothing of.
        self._done = -1
        while True:
            try:
                await anyio.to_thread.run_sync(self.catch_up, abandon_on_cancel=True)
            except Unavailable as outage:
                _log.warning("the catalog is read later: %s", outage)
            await anyio.sleep(POLL_SECONDS)

    def catch_up(self) -> int:
        """Have everything read that has changed, blocking; return how much that was."""
        position = self._reads.blocking(lambda rows: position_of(rows, catalog.PROJECTION))
        if position == self._done:
            return 0
        read = sum(self._read(collection) for collection in Collection)
        self._bus.call_blocking(lambda work: vectors.forget_absent(work.rows))
        self._done = position
        return read

    def _read(self, collection: Collection) -> int:
        last, read, model = "", 0, self._embedder.model
        while True:
            with self._reads.open() as rows:
                page = vectors.records_after(rows, collection, last, PAGE, model)
                due = vectors.stale(rows, collection, page)
            for start in range(0, len(due), BATCH):
                self._store(collection, due[start : start + BATCH])
            read += len(due)
            if len(page) < PAGE:
                return read
            last = page[-1].item_id

    def _store(self, collection: Collection, part: list[vectors.Meant]) -> None:
        meant = self._embedder.embed([one.text for one in part])
        self._bus.call_blocking(lambda work: vectors.store(work.rows, collection, part, meant))
