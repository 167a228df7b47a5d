"""What a job may do inside the writer's transaction: decide commands, which gathers their facts, appends their
events and projects them. Which rules decide a command, and where its facts come from, stands in
`handlers`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from domain.decider import Decider
from domain.envelope import Envelope, Recorded
from domain.events import Event
from domain.ports import NewId, Rows, Transaction
from domain.trace_context import Traceparent
from domain.values import Actor, PersonId, StreamId
from projections.projection import Projection
from server.aggregate_states import States
from server.idempotency import Idempotency, StoredResult, store_result, stored_result
from server.lookups import Lookups
from server.telemetry import bus_notes
from server.telemetry.bus_notes import BusNotes
from server.telemetry.current import current_traceparent

Answer = TypeVar("Answer")
Asked = ParamSpec("Asked")


@dataclass(frozen=True, slots=True)
class CommandContext:
    """Who commands, when, and as part of what (ids are UUIDs; the trace is that of what is being done
    now). `idempotency` is optional."""

    actor: Actor
    now: datetime
    correlation_id: str
    causation_id: str | None = None
    idempotency: Idempotency | None = None
    traceparent: Traceparent | None = field(default_factory=current_traceparent)


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


class UnitOfWork:
    """What a job may do inside the writer's transaction. Lives on the writer's thread only."""

    def __init__(
        self,
        handlers: Handlers,
        projections: Sequence[Projection],
        new_id: NewId,
        reactions: Reactions,
        notes: BusNotes | None = None,
    ) -> None:
        self._handlers = handlers
        self._notes = notes or BusNotes()
        self._reactions = reactions
        self._projections: dict[type, list[Projection]] = {}
        for projection in projections:
            for kind in projection.handlers:
                self._projections.setdefault(kind, []).append(projection)
        self._new_id = new_id
        self._states = States()
        self._lookups = Lookups()
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
        self._lookups.forget()

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

    def recall(
        self,
        category: str,
        look: Callable[Concatenate[Rows, Asked], Answer],
        *asked: Asked.args,
        **by_name: Asked.kwargs,
    ) -> Answer:
        """Return what `look` finds in rows that only events of this category's streams change."""
        key = (look, asked, *by_name.items())
        return self._lookups.find(category, key, lambda: look(self.rows, *asked, **by_name))

    def forget_lookups(self) -> None:
        """Look everything up anew: rows were changed that no event did."""
        self._lookups.forget()

    def execute(
        self, command: object, context: CommandContext, *, dry_run: bool = False
    ) -> Executed:
        """Decide a command and, unless `dry_run`, append and project its events."""
        kind, parent = type(command), self._notes.began(type(command), context.traceparent)
        if parent is not context.traceparent:
            context = replace(context, traceparent=parent)
        try:
            done = self._executed(command, context, dry_run=dry_run)
        except Exception as fault:
            self._notes.failed(kind, fault)
            raise
        self._notes.decided(kind, bus_notes.outcome(done, dry_run=dry_run))
        return done

    def _executed(self, command: object, context: CommandContext, *, dry_run: bool) -> Executed:
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
        decided = handler.decider.decide(state, command, facts)
        events = tuple(decided)
        if events and not dry_run:
            state = handler.decider.after(state, decided)
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
                traceparent=context.traceparent,
            )
            for offset, event in enumerate(events, start=1)
        ]
        recorded = self._transaction.append(envelopes)
        self._lookups.moving(stream)
        self._notes.appended([event.TOPIC for event in events])
        self._project(recorded)
        return recorded

    def _project(self, recorded: Sequence[Recorded]) -> None:
        """Let each read model take its events of a command together."""
        taken: dict[str, tuple[Projection, list[Recorded]]] = {}
        for item in recorded:
            for projection in self._projections.get(type(item.envelope.event), ()):
                taken.setdefault(projection.name, (projection, []))[1].append(item)
        for projection, events in taken.values():
            projection.apply_all(self.rows, events)

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
        self._lookups.begin()
        if transaction.forgotten != self._forgotten:
            self._forgotten = transaction.forgotten
            self._states.committed.clear()
            self._lookups.forget()
        if self._seen is not None and transaction.head != self._seen:
            moved = transaction.streams_after(self._seen)
            self._lookups.moved(moved)
            for stream in moved:
                self._states.committed.pop(stream)

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
        self._states = States()
        self._lookups.forget()
        self._seen = None
