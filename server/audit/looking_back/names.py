"""What people were called at a past moment, each looked up once."""

from __future__ import annotations

from domain import person
from domain.person import Person, person_stream
from domain.ports import EventStore
from domain.values import REDACTED, PersonId


class Names:
    """User names as they stood right after the event at a position."""

    def __init__(self, store: EventStore, position: int) -> None:
        self._store = store
        self._position = position
        self._known: dict[str, str] = {}

    def __call__(self, person_id: str) -> str:
        """Return the user name; the id of one who was not known."""
        if person_id not in self._known:
            self._known[person_id] = self._name(PersonId(person_id))
        return self._known[person_id]

    def _name(self, person_id: PersonId) -> str:
        events = self._store.stream(person_stream(person_id))
        state: Person = person.DECIDER.fold(
            one.envelope.event  # type: ignore[misc]  # a person's stream holds nothing else
            for one in events
            if one.position <= self._position
        )
        if state.forgotten:
            return REDACTED
        return state.record.username.text if state.record else person_id
