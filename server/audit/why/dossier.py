"""All that the log says of why a request went as it did, as JSON. Fields may be added to it; those that
are there stay."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from domain.access_request import DECIDER, Request, RequestSubmitted, request_stream
from domain.envelope import Recorded
from domain.lengths import format_length
from domain.ports import EventStore
from domain.review import ReviewCompleted, ReviewRequired, review_stream
from domain.values import RequestId
from server.audit.looking_back.json_form import Json, moment_text
from server.audit.why import grounds, steps
from server.audit.why.known import Known


def dossier(store: EventStore, request_id: str, position: int) -> Json | None:
    """Return what the log says of a request up to a position, None if there was none."""
    known = Known(store, position)
    events = known.events(request_stream(RequestId(request_id)))
    if not events:
        return None
    first, submitted = events[0], events[0].envelope.event
    if not isinstance(submitted, RequestSubmitted):
        return None
    reviewed = known.events(review_stream(RequestId(request_id)))
    routes = grounds.routes(events)
    in_order = sorted((*events, *reviewed), key=attrgetter("position"))
    return {
        "request_id": request_id,
        "filed": grounds.filed(first, submitted, known),
        "through": grounds.filed_through(first, known),
        "directory": grounds.directory(first, submitted, known),
        "policies": grounds.policies(submitted, events, known),
        "routes": list(map(grounds.route_form, routes)),
        "stages": steps.stages(events, known),
        "decisions": steps.decisions(in_order, routes, known),
        "fulfilment": steps.fulfilment(events, known),
        "review": _review(reviewed, known),
        "outcome": _outcome(events),
    }


def _outcome(events: Sequence[Recorded]) -> Json:
    state = DECIDER.fold(
        one.envelope.event  # type: ignore[misc]  # a request's stream holds nothing else
        for one in events
    )
    if not isinstance(state, Request):
        msg = "a request that was submitted is one"
        raise TypeError(msg)
    return {
        "status": str(state.status),
        "closed": state.closed,
        "since": moment_text(events[-1].envelope.recorded_at),
        "version": events[-1].envelope.version,
        "items": [
            {
                "item_id": one.item_id,
                "status": str(one.status),
                "access_length": format_length(one.access_seconds),
                "expires_at": moment_text(one.expires_at),
            }
            for one in state.items
        ],
    }


def _review(events: Sequence[Recorded], known: Known) -> Json | None:
    """Return how an emergency was to be judged, None where it was none."""
    required = next(
        (one for one in events if isinstance(one.envelope.event, ReviewRequired)), None
    )
    if required is None or not isinstance(required.envelope.event, ReviewRequired):
        return None
    judged = [
        one.envelope.event for one in events if isinstance(one.envelope.event, ReviewCompleted)
    ]
    return {
        "reviewers": known.people(required.envelope.event.reviewers, required.position),
        "due_at": moment_text(required.envelope.event.due_at),
        "judgement": str(judged[0].judgement) if judged else None,
    }
