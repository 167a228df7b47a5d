"""An event as an export knows it: where it stands in the log, and its public form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from domain.envelope import Recorded
from domain.outgoing import EventApps, EventBodies
from domain.ports import EventStore
from domain.values import StreamId

MOST_REMEMBERED = 2_000

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PublicEvent:
    """An event, its public form (CloudEvents 1.0 JSON), and the app that it is about, if there is one."""

    recorded: Recorded
    body: bytes
    app_id: str | None


@dataclass(frozen=True, slots=True)
class Origin:
    """The log, and what tells the public form of its events and their apps."""

    store: EventStore
    body: EventBodies
    app_of: EventApps

    def public(self, recorded: Recorded) -> PublicEvent:
        """Return an event in its public form."""
        event = recorded.envelope.event
        return PublicEvent(recorded, self.body(recorded), self.app_of(event) or None)


class Openings:
    """What the first events of streams say. Later events of a stream often leave that unsaid."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._known: dict[StreamId, Json] = {}

    def remember(self, stream: StreamId, data: Json) -> None:
        """Keep what a first event says, so that the log need not be asked for it."""
        if len(self._known) >= MOST_REMEMBERED:
            del self._known[next(iter(self._known))]
        self._known[stream] = data

    def of(self, stream: StreamId) -> Json:
        """Return what the first event of a stream says."""
        if stream not in self._known:
            first = self._origin.store.stream(stream)[0]
            self.remember(stream, msgspec.json.decode(self._origin.body(first))["data"])
        return self._known[stream]
