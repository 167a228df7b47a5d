"""What stands in the log, for whoever asks who did what: events in order, those alone that are sought, each
as one line or in the public form that NATS gets."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.envelope import Recorded
from domain.events import Event
from domain.outgoing import EventApps
from domain.ports import EventLog
from domain.values import Personal
from server.audit.batches import events_until

Progress = Callable[[int, int], None]
"""Hears how far the work has come: done, and how much there is."""


@dataclass(frozen=True, slots=True)
class Sought:
    """Which events: by who acted, through which client (id or name), whom they are about, which app,
    which kind (a topic, or what it begins with before a dot), which stream, and when."""

    actor: str | None = None
    client: str | None = None
    about: str | None = None
    app: str | None = None
    kind: str | None = None
    stream: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def events(
    log: EventLog,
    sought: Sought,
    app_of: EventApps,
    after: int = 0,
    until: int | None = None,
    progress: Progress = lambda _done, _total: None,
) -> Iterator[Recorded]:
    """Yield the events after a position that are sought, up to another, else to the head at the start.
    `progress` hears the position that was reached, and the last one."""
    end = log.head() if until is None else until
    for batch in events_until(log, end, after):
        yield from (one for one in batch if is_sought(one, sought, app_of))
        progress(batch[-1].position, end)


def is_sought(recorded: Recorded, sought: Sought, app_of: EventApps) -> bool:
    """Say whether an event is among those that are sought."""
    envelope = recorded.envelope
    actor, topic = envelope.actor, envelope.event.TOPIC
    client = actor.client
    asked: tuple[tuple[object | None, Callable[[], bool]], ...] = (
        (sought.kind, lambda: topic == sought.kind or topic.startswith(f"{sought.kind}.")),
        (sought.stream, lambda: envelope.stream == sought.stream),
        (sought.actor, lambda: sought.actor in (actor.subject, actor.service)),
        (
            sought.client,
            lambda: client is not None and sought.client in (client.client_id, client.name),
        ),
        (sought.since, lambda: sought.since is not None and envelope.recorded_at >= sought.since),
        (sought.until, lambda: sought.until is not None and envelope.recorded_at < sought.until),
        (sought.app, lambda: app_of(envelope.event) == sought.app),
        (sought.about, lambda: sought.about in set(_texts(envelope.event))),
    )
    return all(holds() for wanted, holds in asked if wanted is not None)


def line(recorded: Recorded) -> str:
    """Return an event in one line: where it stands, when, what, on which stream, by whom."""
    envelope = recorded.envelope
    actor = envelope.actor
    who = actor.subject or actor.service or "-"
    through = f" through {actor.client.name}" if actor.client else ""
    at = envelope.recorded_at.isoformat(timespec="seconds").replace("+00:00", "Z")
    topic, stream = envelope.event.TOPIC, envelope.stream
    return f"{recorded.position}  {at}  {topic}  {stream}  {who} ({actor.via}{through})"


def _texts(value: Event | Any) -> Iterator[str]:
    """Yield every text in an event, whatever it is nested in."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Personal):
        yield from (value.subject, value.text)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for one in dataclasses.fields(value):
            yield from _texts(getattr(value, one.name))
    elif isinstance(value, tuple | list | frozenset):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
