"""What surrounds an event in the log: which stream and version, when, by whom, caused by what.

The envelope is added by the command bus, never by a decider."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.events import Event
from domain.trace_context import Traceparent
from domain.values import Actor, StreamId


class Unreadable(Exception):  # noqa: N818 - says what it is
    """A stored event is not what its topic promises: somebody changed it, or a later version wrote it."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event and the facts of its recording, before it has a place in the log.

    `event_id`, `correlation_id` and `causation_id` are UUIDs (RFC 9562, the first of version 7);
    `version` counts a stream's events from 1; `recorded_at` is UTC; `traceparent` is that of the request
    which caused it, if it came with one.
    """

    event_id: str
    stream: StreamId
    version: int
    recorded_at: datetime
    actor: Actor
    correlation_id: str
    causation_id: str | None
    event: Event
    traceparent: Traceparent | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """An envelope at its place in the log: positions are dense, from 1, in commit order."""

    position: int
    envelope: Envelope
