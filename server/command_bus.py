"""The command bus: gather a command's facts, decide, append, project, all in one transaction of
the writer. A command that returns is durable and already visible to the next query. Which rules
decide a command, and where its facts come from, stands in `handlers`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

from domain.decider import Decider
from domain.envelope import Envelope, Recorded
from domain.errors import ChangedMeanwhile
from domain.events import Event
from domain.ports import EventStore, NewId, Rows, StreamMoved, Transaction
from domain.values import Actor, PersonId, StreamId
from projections.projection import Projection
from server.idempotency import Idempotency, StoredResult, store_result, stored_result
from server.writer import Writer

Answer = TypeVar("Answer")
CACHED_STREAMS = 50_000
"""Most aggregate states kept in memory; the oldest half goes when it is full."""


@dataclass(frozen=True, slots=True)
class CommandContext:
    """Who commands, when, and as part of what (ids are UUIDs). `idempotency` is optional."""

    actor: Actor
    now: datetime
    correlation_id: str
    causation_id: str | None = None
    idempotency: Idempotency | None = None


@dataclass(frozen=True, slots=True)
class Executed:
    """What a command led to: the stream, its version and the log's head after it, and the new
    events. `changed` is False where the wish was already fulfilled; `replayed` says that an
    idempotency key gave the first result again (then `events` is empty)."""

    stream: StreamId
    version: int
    position: int
    events: tuple[Event, ...]
    changed: bool
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Handler:
    """Which decider takes a command, and how to find its stream and facts."""

    decider: Decider[Any, Any, Any, Any]
    resolve: Callable[[UnitOfWork, Any], tuple[StreamId, Any]]


Handlers = Mapping[type, Handler]
Reactions = Mapping[type, Callable[["UnitOfWork", Any, CommandContext], None]]
"""What follows from an event in the same transaction, by event type: further commands, whose cause
is the event (the context's `causation_id`)."""


@dataclass(slots=True)
class _States:
    """Aggregate states by stream: of the job at hand, of the open batch, and committed."""

    job: dict[StreamId, tuple[int, Any]] = field(default_factory=dict)
    batch: dict[StreamId, tuple[int, Any]] = field(default_factory=dict)
    committed: dict[StreamId, tuple[int, Any]] = field(default_factory=dict)

    def find(self, stream: StreamId) -> tuple[int, Any] | None:
        return self.job.get(stream) or self.batch.get(stream) or self.committed.get(stream)

    def undo(self) -> None:
        self.job.clear()
        self.batch.clear()

    def commit(self) -> None:
        self.committed.update(self.batch)
        self.batch.clear()
        if len(self.committed) > CACHED_STREAMS:
            for stream in list(self.committed)[: CACHED_STREAMS // 2]:
                del self.committed[stream]


class UnitOfWork:
    """What a job may do inside the writer's transaction. Lives on the writer's thread only."""

    def __init__(
        self,
        handlers: Handlers,
        projections: Sequence[Projection],
        new_id: NewId,
        reactions: Reactions,
    ) -> None:
        self._handlers = handlers
        self._reactions = reactions
        self._projections: dict[type, list[Callable[[Rows, Recorded, Any], None]]] = {}
        for projection in projections:
            for kind, apply in projection.handlers.items():
                self._projections.setdefault(kind, []).append(apply)
        self._new_id = new_id
        self._states = _States()
        self._seen: int | None = None
        self._forgotten = 0
        self._transaction: Transaction

    @property
    def rows(self) -> Rows:
        """The store's tables, inside the transaction."""
        return self._transaction.rows

    @property
    def head(self) -> int:
        """Position of the newest event, those of this transaction included."""
        return self._transaction.head

    def events_after(self, position: int, limit: int) -> Sequence[Recorded]:
        """Return up to `limit` events after `position`."""
        return self._transaction.events_after(position, limit)

    def forget(self, person: PersonId) -> None:
        """Destroy the key that seals text about this person; remember no state that may hold any."""
        self._transaction.forget(person)
        self._states.batch.clear()
        self._states.committed.clear()

    def rewrap_keys(self) -> int:
        """Wrap every person's key by the newest master key; return how many another one wrapped."""
        return self._transaction.rewrap_keys()

    def state_of(
        self, decider: Decider[Answer, Any, Any, Any], stream: StreamId
    ) -> tuple[int, Answer]:
        """Return version and state of an aggregate; version 0 and `initial` if it is new."""
        known = self._states.find(stream)
        if known is None:
            history = self._transaction.load(stream)
            known = (
                len(history),
                decider.fold(item.envelope.event for item in history),
            )
            self._states.job[stream] = known
        return known

    def execute(
        self, command: object, context: CommandContext, *, dry_run: bool = False
    ) -> Executed:
        """Decide a command and, unless `dry_run`, append and project its events."""
        key = None if dry_run else context.idempotency
        first = stored_result(self.rows, key) if key else None
        if first is not None:
            stream = StreamId(first.stream)
            return Executed(
                stream, first.version, first.position, (), first.changed, replayed=True
            )
        handler = self._handlers[type(command)]
        stream, facts = handler.resolve(self, command)
        version, state = self.state_of(handler.decider, stream)
        events = tuple(handler.decider.decide(state, command, facts))
        if events and not dry_run:
            for event in events:
                state = handler.decider.evolve(state, event)
            recorded = self._append(stream, version, events, context)
            version += len(events)
            self._states.job[stream] = (version, state)
            self._react(recorded, context)
        done = Executed(stream, version, self._transaction.head, events, bool(events))
        if key:
            result = StoredResult(stream, version, done.position, done.changed)
            store_result(self.rows, key, result)
        return done

    def _append(
        self,
        stream: StreamId,
        version: int,
        events: Sequence[Event],
        context: CommandContext,
    ) -> Sequence[Recorded]:
        envelopes = [
            Envelope(
                event_id=self._new_id(),
                stream=stream,
                version=version + offset,
                recorded_at=context.now,
                actor=context.actor,
                correlation_id=context.correlation_id,
                causation_id=context.causation_id,
                event=event,
            )
            for offset, event in enumerate(events, start=1)
        ]
        try:
            recorded = self._transaction.append(envelopes)
        except StreamMoved as moved:
            raise ChangedMeanwhile from moved
        rows = self.rows
        for item in recorded:
            for apply in self._projections.get(type(item.envelope.event), ()):
                apply(rows, item, item.envelope.event)
        return recorded

    def _react(self, recorded: Sequence[Recorded], context: CommandContext) -> None:
        for item in recorded:
            react = self._reactions.get(type(item.envelope.event))
            if react is not None:
                caused = replace(context, causation_id=item.envelope.event_id, idempotency=None)
                react(self, item.envelope.event, caused)

    def begin(self, transaction: Transaction) -> None:
        """Take the new transaction; forget the streams that other processes moved meanwhile, and every
        state once a person was forgotten: any may hold what he said."""
        self._transaction = transaction
        if transaction.forgotten != self._forgotten:
            self._forgotten = transaction.forgotten
            self._states.committed.clear()
        if self._seen is not None and transaction.head != self._seen:
            for stream in transaction.streams_after(self._seen):
                self._states.committed.pop(stream, None)

    def keep(self) -> None:
        """The job just run stays."""
        self._states.batch.update(self._states.job)
        self._states.job.clear()

    def drop(self) -> None:
        """The job just run was undone."""
        self._states.job.clear()

    def undone(self) -> None:
        """The transaction was rolled back."""
        self._states.undo()

    def committed(self) -> None:
        """The transaction is durable."""
        self._seen = self._transaction.head
        self._states.commit()

    def abandoned(self) -> None:
        """The transaction is gone, or nobody knows: remember nothing at all."""
        self._states = _States()
        self._seen = None


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
    ) -> None:
        """`projections` are the inline ones; `grown` is told after each commit that appended an event."""
        self._work = UnitOfWork(handlers, projections, new_id, reactions)
        self._writer = Writer(store, self._work, grown)

    def start(self) -> None:
        """Begin to take commands."""
        self._writer.start()

    def close(self) -> None:
        """Finish what waits, then stop."""
        self._writer.close()

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
