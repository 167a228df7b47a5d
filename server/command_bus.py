"""The command bus: gather a command's facts, decide, append, project, all in one transaction of
the writer. A command that returns is durable and already visible to the next query."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from types import MappingProxyType
from typing import TypeVar

from domain.ports import EventStore, NewId
from projections.projection import Projection
from server.telemetry.bus_notes import BusNotes
from server.unit_of_work import (
    CommandContext,
    Executed,
    Handler,
    Handlers,
    Reactions,
    UnitOfWork,
)
from server.writer import Writer, WriterLoad

__all__ = [
    "CommandBus",
    "CommandContext",
    "Executed",
    "Handler",
    "Handlers",
    "Reactions",
    "UnitOfWork",
]

Answer = TypeVar("Answer")


class CommandBus:
    """Takes commands and jobs, from any number of callers at once."""

    def __init__(
        self,
        store: EventStore,
        handlers: Handlers,
        projections: Sequence[Projection],
        new_id: NewId,
        grown: Callable[[], None] = lambda: None,
        reactions: Reactions = MappingProxyType({}),
        notes: BusNotes | None = None,
    ) -> None:
        """`projections` are the inline ones; `grown` is told after each commit that appended an event."""
        notes = notes or BusNotes()
        self._work = UnitOfWork(handlers, projections, new_id, reactions, notes)
        self._writer = Writer(store, self._work, grown, notes)

    def start(self) -> None:
        """Begin to take commands."""
        self._writer.start()

    def close(self) -> None:
        """Finish what waits, then stop."""
        self._writer.close()

    def load(self) -> WriterLoad:
        """Return how much there is to do, from any thread."""
        return self._writer.load()

    async def execute(
        self, command: object, context: CommandContext, *, dry_run: bool = False
    ) -> Executed:
        """Execute one command; raises `domain.errors.Refused`, or `domain.ports.Unavailable`."""
        return await self._writer.call(
            partial(self._work.execute, command, context, dry_run=dry_run)
        )

    async def call(self, job: Callable[[UnitOfWork], Answer]) -> Answer:
        """Run a job: its commands and row writes become durable together, or not at all."""
        return await self._writer.call(partial(job, self._work))

    def call_blocking(self, job: Callable[[UnitOfWork], Answer]) -> Answer:
        """Run a job for a caller outside any event loop."""
        return self._writer.call_blocking(partial(job, self._work))
