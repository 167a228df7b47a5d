"""Read models worked out in a store of their own: the same projections, over tables of the same shape, fed
with the log from position 0. What none of them takes is not even decoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

from domain.envelope import Recorded
from domain.events import EVENT_TYPES, Event
from domain.ports import EventStore, Rows, Transaction
from projections.projection import Handler, Projection
from server.scratch import Scratch, scratch_tables

AT_ONCE = 1_000
"""Positions of the log that are taken at a time."""


class Pieces:
    """The committed log in pieces. The last one is remembered, for those who read it in step."""

    def __init__(self, log: EventStore) -> None:
        self._log = log
        self._place = (0, 0)
        self._last: Sequence[Recorded] = ()

    def whole(self, after: int, upto: int) -> Sequence[Recorded]:
        """Return all events of a piece."""
        if self._place != (after, upto):
            self._last = self._log.events_after(after, upto - after)
            self._place = (after, upto)
        return self._last

    def sought(self, after: int, upto: int, topics: frozenset[str]) -> Sequence[Recorded]:
        """Return the events of a piece that have these topics."""
        history = self._log.history
        placed = history.placed(after, upto, topics, upto - after)
        return history.at([one.position for one in placed])


class Beside:
    """Some projections' tables as they are at a position of the log."""

    def __init__(self, rows: Rows, projections: Sequence[Projection]) -> None:
        """`rows` are those of an open transaction, and hold the tables, empty."""
        self.rows = rows
        self.position = 0
        self._handlers: dict[type[Event], list[Handler]] = {}
        for projection in projections:
            for kind, handler in projection.handlers.items():
                self._handlers.setdefault(kind, []).append(handler)
        topics = frozenset(kind.TOPIC for kind in self._handlers)
        # Where most events are taken, looking for them costs more than it saves.
        self._sought = topics if 2 * len(topics) < len(EVENT_TYPES) else None

    def apply(self, events: Sequence[Recorded]) -> None:
        """Change the tables as these events say, the next ones of those that matter."""
        handlers, rows, nothing = self._handlers, self.rows, list[Handler]()
        for recorded in events:
            event: Any = recorded.envelope.event
            for handle in handlers.get(type(event), nothing):
                handle(rows, recorded, event)
        if events:
            self.position = events[-1].position

    def follow(self, log: Pieces, until: int) -> None:
        """Come up to a position of what is committed in the log."""
        while (after := self.position) < until:
            upto = min(until, after + AT_ONCE)
            if self._sought is None:
                self.apply(log.whole(after, upto))
            else:
                self.apply(log.sought(after, upto, self._sought))
            self.position = upto


class Trial(Beside):
    """The same in a store of its own, where what was done can be undone."""

    def __init__(self, transaction: Transaction, projections: Sequence[Projection]) -> None:
        """`transaction` is open in a store where the tables are and are empty."""
        super().__init__(transaction.rows, projections)
        self._transaction = transaction

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Go back, at the end of the block, to how it is now."""
        position = self.position
        try:
            with suppress(_Undone), self._transaction.savepoint():
                yield
                _undo()
        finally:
            self.position = position


class _Undone(Exception):  # noqa: N818 - ends a block, and is no fault
    """What was done in the block is undone."""


def _undo() -> NoReturn:
    raise _Undone


@contextmanager
def open_beside(scratch: Scratch, projections: Sequence[Projection]) -> Iterator[Trial]:
    """Open tables for these projections, which are thrown away at the end."""
    schema = [statement for one in projections for statement in one.schema_to_build]
    with scratch_tables(scratch, schema) as transaction:
        yield Trial(transaction, projections)
