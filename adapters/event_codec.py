"""Events and their envelopes as JSON bytes. Decoding is strict: a stored event that does not fit
its class is a fault to be seen, not data to be guessed at. Older schemas are lifted by upcasters,
one step at a time, before they meet today's class; the hot path never sees them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Generic, TypeVar, cast

import msgspec

from domain.envelope import Envelope
from domain.events import EVENT_TYPES, Event
from domain.values import Actor, Client, ConsentId, PersonId, StreamId, Via

Payload = TypeVar("Payload")
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


class Undecodable(ValueError):  # noqa: N818 - says what it is
    """Stored bytes do not hold the event their topic promises."""


class _Actor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The stored form of an actor: as it was before there was `service`, where there is none."""

    via: Via
    subject: PersonId | None
    client: Client | None
    authorization: ConsentId | None
    service: str | msgspec.UnsetType = msgspec.UNSET


class _Stored(msgspec.Struct, Generic[Payload], frozen=True, forbid_unknown_fields=True):
    """The stored form. The stream, version and topic stand in columns beside it."""

    id: str
    schema: int
    at: datetime
    actor: _Actor
    correlation: str
    causation: str | None
    event: Payload


_encoder = msgspec.json.Encoder()
_schema_of = msgspec.json.Decoder(_Stored[msgspec.Raw])
_decoders = {
    topic: msgspec.json.Decoder(_Stored[kind])  # type: ignore[valid-type]
    for topic, kind in EVENT_TYPES.items()
}


def encode(envelope: Envelope) -> bytes:
    """Return the stored form of an envelope."""
    event = envelope.event
    return _encoder.encode(
        _Stored(
            envelope.event_id,
            event.SCHEMA,
            envelope.recorded_at,
            _stored_actor(envelope.actor),
            envelope.correlation_id,
            envelope.causation_id,
            event,
        )
    )


def decode(topic: str, stream: StreamId, version: int, state: bytes) -> Envelope:
    """Return the envelope stored as `state`; raises `Undecodable`."""
    kind = EVENT_TYPES.get(topic)
    if kind is None:
        msg = f"no event has the topic {topic!r}"
        raise Undecodable(msg)
    try:
        stored = cast("_Stored[Event]", _decoders[topic].decode(state))
        if stored.schema != kind.SCHEMA:
            stored = _lifted(topic, state)
    except msgspec.ValidationError:
        stored = _lifted(topic, state)
    except msgspec.DecodeError as fault:
        msg = f"{topic} in {stream} at version {version}: {fault}"
        raise Undecodable(msg) from fault
    return Envelope(
        event_id=stored.id,
        stream=stream,
        version=version,
        recorded_at=stored.at,
        actor=_actor(stored.actor),
        correlation_id=stored.correlation,
        causation_id=stored.causation,
        event=stored.event,
    )


def _stored_actor(actor: Actor) -> _Actor:
    service = msgspec.UNSET if actor.service is None else actor.service
    return _Actor(actor.via, actor.subject, actor.client, actor.authorization, service)


def _actor(stored: _Actor) -> Actor:
    service = stored.service if isinstance(stored.service, str) else None
    return Actor(stored.via, stored.subject, stored.client, stored.authorization, service)


def _lifted(topic: str, state: bytes) -> _Stored[Event]:
    """Decode a payload of an older schema by lifting it step by step."""
    kind = EVENT_TYPES[topic]
    try:
        raw = _schema_of.decode(state)
        payload = msgspec.json.decode(raw.event)
        for schema in range(raw.schema, kind.SCHEMA):
            payload = UPCASTERS[topic, schema](payload)
        event = msgspec.convert(payload, kind)
    except (msgspec.MsgspecError, KeyError) as fault:
        msg = f"{topic}: {fault}"
        raise Undecodable(msg) from fault
    return _Stored(raw.id, kind.SCHEMA, raw.at, raw.actor, raw.correlation, raw.causation, event)


def event_to_builtins(event: Event) -> Json:
    """Return the event's fields as JSON-ready values; times as RFC 3339 text."""
    return cast("Json", msgspec.to_builtins(event))


def actor_to_builtins(actor: Actor) -> Json:
    """Return an actor's fields as JSON-ready values."""
    return cast("Json", msgspec.to_builtins(_stored_actor(actor)))
