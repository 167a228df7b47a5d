"""A recorded event as a message: its subject, headers and CloudEvents 1.0 body (structured JSON).
A pure function of the event and the tenant: recovery of the publisher depends on the same event
giving the same message for ever. Digests of tokens and receivers' URLs stay at home."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256

import msgspec

from adapters.event_codec import actor_to_builtins, event_to_builtins
from domain.access_request import RequestCancelled, RequestClosed, RequestSubmitted
from domain.catalog import PermissionAdded, PermissionChanged
from domain.envelope import Recorded
from domain.events import Event
from domain.published import stays_at_home

NO_APP = "-"
CONTRACT = "v1"
"""Of the messages, not of the stored events: fields are added within it, and who reads ignores those
that he does not know. A change that would break a reader gets another stream."""
TOKEN_LIMIT = 64
POSITION_HEADER = "Doorward-Position"
ID_HEADER = "Nats-Msg-Id"
TRACE_FIELD = "traceparent"
"""Of CloudEvents' extension for distributed tracing, and of the header beside it (W3C Trace Context)."""
_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Message:
    """What goes on the wire for one event."""

    subject: str
    headers: dict[str, str]
    payload: bytes


def to_message(recorded: Recorded, tenant: str, *, sealed: bool = True) -> Message:
    """Return the message of an event: with text about people `sealed` as it is in the log, as the
    stream keeps it, or open, for those who are told and keep nothing here."""
    envelope = recorded.envelope
    event = envelope.event
    aggregate, name = event.TOPIC.split(".")
    own_id = envelope.stream.removeprefix(f"{aggregate}-")
    tokens = (aggregate, name, _app_of(event), own_id)
    subject = ".".join(("doorward", tenant, "evt", *map(subject_token, tokens)))
    body = {
        "specversion": "1.0",
        "id": envelope.event_id,
        "source": f"/doorward/{tenant}",
        "type": f"doorward.{event.TOPIC}.{CONTRACT}",
        "subject": own_id,
        "time": envelope.recorded_at,
        "datacontenttype": "application/json",
        "sequence": f"{recorded.position:020d}",
        "aggversion": envelope.version,
        "correlationid": envelope.correlation_id,
        **({"causationid": envelope.causation_id} if envelope.causation_id else {}),
        **({TRACE_FIELD: envelope.traceparent} if envelope.traceparent else {}),
        "data": {**_public(event, sealed=sealed), "actor": actor_to_builtins(envelope.actor)},
    }
    headers = {
        ID_HEADER: envelope.event_id,
        POSITION_HEADER: str(recorded.position),
        "Content-Type": "application/cloudevents+json",
        **({TRACE_FIELD: envelope.traceparent} if envelope.traceparent else {}),
    }
    return Message(subject, headers, msgspec.json.encode(body))


def subject_token(text: str) -> str:
    """Return `text` if it may stand in a subject, else a slug of it with a hash of the whole."""
    if _PLAIN.fullmatch(text):
        return text
    slug = re.sub(r"[^A-Za-z0-9_-]+", "_", text)[: TOKEN_LIMIT - 17]
    return f"{slug}-{sha256(text.encode()).hexdigest()[:16]}"


def _app_of(event: Event) -> str:
    match event:
        case RequestSubmitted():
            return event.app.app_id
        case RequestCancelled():
            return event.snapshot.app.app_id
        case RequestClosed():
            return event.submission.app.app_id
        case PermissionAdded() | PermissionChanged():
            return event.record.app_id
        case _:
            return getattr(event, "app_id", NO_APP)


def _public(event: Event, *, sealed: bool) -> dict[str, object]:
    fields = event_to_builtins(event, sealed=sealed)
    return {name: value for name, value in fields.items() if not stays_at_home(name)}


def app_of(event: Event) -> str:
    """Return the id of the app that an event is about; empty where there is none."""
    found = _app_of(event)
    return "" if found == NO_APP else found
