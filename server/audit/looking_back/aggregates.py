"""Any one aggregate as it stood at a position: the events of its stream up to there, folded by its own
decider."""

from __future__ import annotations

from typing import Any

from domain.decider import Decider
from domain.ports import EventStore
from domain.values import StreamId
from server.audit.looking_back.json_form import Json, moment_text, plain
from server.handlers import HANDLERS

DECIDERS: dict[str, Decider[Any, Any, Any, Any]] = {
    one.decider.category: one.decider for one in HANDLERS.values()
}
"""Every decider by its category, which is what its streams' ids begin with."""


def aggregate_at(store: EventStore, stream: str, position: int) -> Json | None:
    """Return the state of a stream's aggregate with where it comes from, None if nothing had happened
    to it."""
    category, _, _ = stream.partition("-")
    decider = DECIDERS.get(category)
    events = [one for one in store.stream(StreamId(stream)) if one.position <= position]
    if decider is None or not events:
        return None
    state = decider.fold(one.envelope.event for one in events)
    last = events[-1]
    return {
        "stream": stream,
        "version": last.envelope.version,
        "position": last.position,
        "recorded_at": moment_text(last.envelope.recorded_at),
        "kind": type(state).__name__,
        "state": plain(state),
    }
