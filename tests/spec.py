"""Given these events, when this command is decided with these facts, then exactly these events in
this order, or exactly this refusal. Every event on the way also goes through the codec and is
folded, so that each sentence proves storage and replay as well."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from adapters import event_codec
from domain.decider import Decider
from domain.envelope import Envelope
from domain.errors import Refused
from domain.events import Event
from domain.values import Actor, StreamId, Via
from tests.times import NOW


@dataclass
class Spec:
    """One sentence about a decider."""

    decider: Decider[Any, Any, Any, Any]
    history: list[Event] = field(default_factory=list)
    command: object = None
    facts: object = None

    def given(self, *events: Event) -> Spec:
        """Say what has happened."""
        self.history = [stored_and_read(event) for event in events]
        return self

    def when(self, command: object, facts: object = None) -> Spec:
        """Say what is wished, and what is known."""
        self.command, self.facts = command, facts
        return self

    def then(self, *expected: Event) -> None:
        """Assert exactly these events."""
        decided = [stored_and_read(event) for event in self._decide()]
        assert decided == list(expected)
        self.decider.fold([*self.history, *decided])

    def refused(self, expected: Refused) -> None:
        """Assert exactly this refusal, by type and fields."""
        with pytest.raises(Refused) as caught:
            self._decide()
        assert caught.value == expected
        assert caught.value.sentence

    def _decide(self) -> list[Any]:
        state = self.decider.fold(self.history)
        decided = self.decider.decide(state, self.command, self.facts)
        after = self.decider.after(state, decided)
        assert after == self.decider.fold([*self.history, *decided]), "a state that no event gave"
        return list(decided)


def stored_and_read(event: Event) -> Event:
    """Return the event as it comes back from storage; it must be the same."""
    stream = StreamId("any-stream")
    envelope = Envelope("id", stream, 1, NOW, Actor(Via.SYSTEM), "correlation", None, event)
    read = event_codec.decode(event.TOPIC, stream, 1, event_codec.encode(envelope))
    assert read == envelope
    return read.event
