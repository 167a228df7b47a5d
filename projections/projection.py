"""What a read model is: its tables, and how each kind of event changes them. A projection never
asks the clock, never refuses, and reads nothing but its own tables, so that a rebuild from
position 0 gives exactly the rows that following gave."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.envelope import Recorded
from domain.events import Event
from domain.ports import Rows

Handler = Callable[[Rows, Recorded, Any], None]
"""Applies one event. The third argument is the event itself, of the type it is listed under."""

Together = Callable[[Rows, Sequence[Recorded]], None]
"""Applies events of the types that are listed, in their order, at less cost than one by one."""


@dataclass(frozen=True, slots=True)
class Projection:
    """One read model.

    `tables` are the names of its tables, `schema` the statements that create them if absent,
    `handlers` what each event type does; events of other types pass it by. A followed one may
    derive more from its tables, too much for an event's own transaction: `settle` takes a step of that
    and says whether there is more, `renew` has it all derived anew, after a rebuild. `keyed` says that
    events find their rows by primary keys, so that every other index is for queries alone. `together`, where there
    is one, applies many events as the handlers would have applied each.
    """

    name: str
    tables: tuple[str, ...]
    schema: tuple[str, ...]
    handlers: Mapping[type[Event], Handler]
    settle: Callable[[Rows], bool] = lambda _rows: False
    renew: Callable[[Rows], None] = lambda _rows: None
    keyed: bool = False
    together: Together | None = None

    def apply(self, rows: Rows, recorded: Recorded) -> None:
        """Change the tables as this event says."""
        handler = self.handlers.get(type(recorded.envelope.event))
        if handler is not None:
            handler(rows, recorded, recorded.envelope.event)

    def apply_all(self, rows: Rows, events: Sequence[Recorded]) -> None:
        """Change the tables as these events say, each of a type that is listed."""
        if self.together is not None:
            self.together(rows, events)
            return
        handlers = self.handlers
        for recorded in events:
            handlers[type(recorded.envelope.event)](rows, recorded, recorded.envelope.event)

    @property
    def schema_to_build(self) -> tuple[str, ...]:
        """The statements that are needed where events are applied and nobody asks."""
        if not self.keyed:
            return self.schema
        return tuple(one for one in self.schema if not one.startswith("CREATE INDEX"))

    def clear(self, rows: Rows) -> None:
        """Empty the tables, as before position 1."""
        for table in self.tables:
            rows.execute(f"DELETE FROM {table}")


def alone(together: Together, kinds: Iterable[type[Event]]) -> Mapping[type[Event], Handler]:
    """Return the handlers of a projection that applies events of these types together: one event is
    the shortest of sequences."""

    def handle(rows: Rows, recorded: Recorded, _event: Any) -> None:
        together(rows, (recorded,))

    return dict.fromkeys(kinds, handle)
