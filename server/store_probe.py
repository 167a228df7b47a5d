"""Whether the store answers, and what it says of those who follow the log. However many ask, one look is made
at a time and all of them share it: a store that hangs is not asked again and again. While writes fail, a look is
a trial whether they do still."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import anyio

from domain.ports import PublisherStatus, Rows, Unavailable
from server.asking import for_ourselves
from server.shapes import foreign
from server.telemetry.lags import lags_of
from server.wiring import FOLLOWED, INLINE, System
from server.write_trial import try_to_write

LOOK_SECONDS = 1.0
SILENT = "the store does not answer"
SLOW = "the store has not answered within a second"
UNWRITABLE = "the store takes no writes"


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen: the log's head (None if nothing was), by how much each follower is behind, where
    publishing stands, and the read models that have other tables than this version's."""

    head: int | None = None
    behind: Mapping[str, int] = field(default_factory=dict)
    published: PublisherStatus | None = None
    foreign: tuple[str, ...] = ()
    fault: str = ""


class StoreProbe:
    """Looks at one store."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._looking: asyncio.Task[Looked] | None = None
        # A thread of its own: queries that hang keep all the others.
        self._limiter = anyio.CapacityLimiter(1)

    async def look(self) -> Looked:
        """Return what is seen now, or was by a look that is still under way."""
        looking = self._looking
        if looking is None or looking.done():
            looking = self._looking = asyncio.create_task(self._look())
        done, _ = await asyncio.wait({looking}, timeout=LOOK_SECONDS)
        return looking.result() if done else Looked(fault=SLOW)

    async def _look(self) -> Looked:
        try:
            looked = await anyio.to_thread.run_sync(
                self._system.reads.blocking,
                self._seen,
                limiter=self._limiter,
                abandon_on_cancel=True,
            )
        except Unavailable:
            return Looked(fault=SILENT)
        return looked if await self._written() else replace(looked, fault=UNWRITABLE)

    async def _written(self) -> bool:
        """Say whether writes succeed, as far as is known."""
        bus = self._system.bus
        if bus.load().failing:
            try:
                with for_ourselves():
                    await bus.call(try_to_write)
            except Unavailable:
                return False
        return True

    def _seen(self, rows: Rows) -> Looked:
        names = [one.name for one in FOLLOWED]
        system = self._system
        publisher = system.nats.publisher
        published = None if publisher is None else publisher.observed()
        lags = lags_of(rows, system.store.head(), names, published)
        return Looked(
            lags.head, lags.followed, lags.published, foreign(rows, (*INLINE, *FOLLOWED))
        )
