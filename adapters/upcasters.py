"""How payloads of older schemas become today's: one function a step, from a schema to the next. They work
on the decoded JSON, before it meets today's class, so that no class of the past has to be kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

Json = dict[str, object]
Upcaster = Callable[[Json], Json]


def _defaulted(event: Json) -> Json:
    """Lift to a schema whose records have fields more, all of them with a default."""
    return event


def _submission(event: Json) -> Json:
    return {**event, "answers": [], "extends": None, "emergency": False}


def _cancellation(event: Json) -> Json:
    snapshot = cast("Json", event["snapshot"])
    return {**event, "snapshot": _submission(snapshot), "items": []}


UPCASTERS: dict[tuple[str, int], Upcaster] = {
    ("consent.given", 1): lambda event: {**event, "client_digest": ""},
    ("access_request.submitted", 1): _submission,
    ("access_request.cancelled", 1): _cancellation,
    ("app.added", 1): _defaulted,
    ("app.changed", 1): _defaulted,
    ("person.registered", 1): _defaulted,
    ("person.changed", 1): _defaulted,
    ("permission.added", 1): _defaulted,
    ("permission.changed", 1): _defaulted,
}
"""Maps (topic, schema) to the function that lifts such a payload to the next schema."""


def lift(topic: str, payload: Json, schema: int, wanted: int) -> Json:
    """Return a payload of one schema as the wanted one has it; raises `KeyError` where no step leads
    there."""
    for step in range(schema, wanted):
        payload = UPCASTERS[topic, step](payload)
    return payload
