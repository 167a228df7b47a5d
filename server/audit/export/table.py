"""Events as rows of one flat table, for spreadsheets and databases: what is asked for most stands in columns
of its own, and `data` holds all that the event says, actor included, as the JSON of its public form."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import msgspec

from server.audit.export.public_form import PublicEvent


class Row(NamedTuple):
    """One event. `type` is its topic, as filters name it; `actor_consent` is the consent under which a client
    acted, and `via` the door it came through."""

    position: int
    time: datetime
    type: str
    stream: str
    version: int
    event_id: str
    correlation_id: str
    causation_id: str | None
    actor_subject: str | None
    actor_client_id: str | None
    actor_client_name: str | None
    actor_consent: str | None
    actor_service: str | None
    via: str
    app_id: str | None
    request_id: str | None
    data: str


COLUMNS = Row._fields


class _Body(msgspec.Struct):
    """Of the public form, the content as it stands there."""

    data: msgspec.Raw


class _Content(msgspec.Struct):
    """Of the content, what has a column."""

    request_id: str | None = None


_body = msgspec.json.Decoder(_Body)
_content = msgspec.json.Decoder(_Content)


def row(public: PublicEvent) -> Row:
    """Return the row of an event."""
    envelope = public.recorded.envelope
    actor = envelope.actor
    client = actor.client
    data = bytes(_body.decode(public.body).data)
    return Row(
        position=public.recorded.position,
        time=envelope.recorded_at,
        type=envelope.event.TOPIC,
        stream=envelope.stream,
        version=envelope.version,
        event_id=envelope.event_id,
        correlation_id=envelope.correlation_id,
        causation_id=envelope.causation_id,
        actor_subject=actor.subject,
        actor_client_id=client.client_id if client else None,
        actor_client_name=client.name if client else None,
        actor_consent=actor.authorization,
        actor_service=actor.service,
        via=actor.via.value,
        app_id=public.app_id,
        request_id=_content.decode(data).request_id,
        data=data.decode(),
    )
