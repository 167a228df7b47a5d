"""Events and their envelopes as JSON bytes. Decoding is strict: a stored event that does not fit
its class is a fault to be seen, not data to be guessed at. Older schemas are lifted by upcasters,
one step at a time, before they meet today's class; the hot path never sees them. Text about people is
sealed on the way in and opened on the way out by whoever has the keys (`person_keys`)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar, cast

import msgspec

from adapters import upcasters
from adapters.upcasters import Json
from domain.envelope import Envelope, Unreadable
from domain.events import EVENT_TYPES, Event
from domain.trace_context import Traceparent
from domain.values import Actor, Client, ConsentId, Personal, PersonId, StreamId, Via

Payload = TypeVar("Payload")


class Undecodable(Unreadable):
    """Stored bytes do not hold the event their topic promises."""


class Sealing(Protocol):
    """Gives text about a person the form in which it is stored."""

    def stored(self, personal: Personal) -> dict[str, str]:
        """Return ``{"subject", "sealed"}``, or ``{"subject", "text"}`` where nothing is sealed."""


class Opening(Protocol):
    """Gives stored text about a person back."""

    def opened(self, subject: PersonId, *, text: str = "", sealed: str | None = None) -> Personal:
        """Return the text, `REDACTED` where the person is forgotten. `text` is what was stored without
        a seal. Raises `ValueError` if the seal is broken."""


class _Plain:
    """Neither seals nor opens: for stores that live in memory, and for samples."""

    def stored(self, personal: Personal) -> dict[str, str]:
        """Return the text as it is."""
        return {"subject": personal.subject, "text": personal.text}

    def opened(self, subject: PersonId, *, text: str = "", sealed: str | None = None) -> Personal:
        """Return the text; raises `ValueError` if it was sealed."""
        if sealed is not None:
            raise ValueError("it is sealed")
        return Personal(subject, text)


PLAIN = _Plain()


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
    trace: Traceparent | msgspec.UnsetType = msgspec.UNSET
    """Stored where there is one alone: an event without is the bytes that it always was."""


_PERSONAL_FIELDS = 2
_KINDS: dict[str, Any] = {
    topic: _Stored[kind]  # type: ignore[valid-type]
    for topic, kind in EVENT_TYPES.items()
}
"""What is stored under each topic."""
_schema_of = msgspec.json.Decoder(_Stored[msgspec.Raw])


class Encoder:
    """Writes envelopes, sealing text about people."""

    def __init__(self, sealing: Sealing = PLAIN) -> None:
        self._sealing = sealing
        self._encoder = msgspec.json.Encoder(enc_hook=self._stored)

    def encode(self, envelope: Envelope) -> bytes:
        """Return the stored form of an envelope."""
        event = envelope.event
        return self._encoder.encode(
            _Stored(
                envelope.event_id,
                event.SCHEMA,
                envelope.recorded_at,
                _stored_actor(envelope.actor),
                envelope.correlation_id,
                envelope.causation_id,
                event,
                msgspec.UNSET if envelope.traceparent is None else envelope.traceparent,
            )
        )

    def _stored(self, value: object) -> dict[str, str]:
        return self._sealing.stored(_personal(value))


class Decoder:
    """Reads envelopes, opening text about people."""

    def __init__(self, opening: Opening = PLAIN) -> None:
        self._opening = opening
        self._decoders: dict[str, msgspec.json.Decoder[_Stored[Event]]] = {}

    def decode(self, topic: str, stream: StreamId, version: int, state: bytes) -> Envelope:
        """Return the envelope stored as `state`; raises `Undecodable`."""
        kind = EVENT_TYPES.get(topic)
        if kind is None:
            msg = f"no event has the topic {topic!r}"
            raise Undecodable(msg)
        decoder = self._decoders.get(topic) or self.learn(topic)
        try:
            stored = decoder.decode(state)
            if stored.schema != kind.SCHEMA:
                stored = self._lifted(topic, state)
        except msgspec.ValidationError:
            stored = self._lifted(topic, state)
        except (msgspec.DecodeError, UnicodeDecodeError) as fault:
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
            traceparent=None if stored.trace is msgspec.UNSET else stored.trace,
        )

    def learn(self, topic: str) -> msgspec.json.Decoder[_Stored[Event]]:
        """Make the decoder of a topic, when it is met first: a store in memory meets few."""
        made = msgspec.json.Decoder(_KINDS[topic], dec_hook=self._opened)
        self._decoders[topic] = cast("msgspec.json.Decoder[_Stored[Event]]", made)
        return self._decoders[topic]

    def _lifted(self, topic: str, state: bytes) -> _Stored[Event]:
        """Decode a payload of an older schema by lifting it step by step."""
        kind = EVENT_TYPES[topic]
        try:
            raw = _schema_of.decode(state)
            payload = msgspec.json.decode(raw.event)
            payload = upcasters.lift(topic, payload, raw.schema, kind.SCHEMA)
            event = msgspec.convert(payload, kind, dec_hook=self._opened)
        except (msgspec.MsgspecError, KeyError, UnicodeDecodeError) as fault:
            msg = f"{topic}: {fault}"
            raise Undecodable(msg) from fault
        return _Stored(
            raw.id,
            kind.SCHEMA,
            raw.at,
            raw.actor,
            raw.correlation,
            raw.causation,
            event,
            raw.trace,
        )

    def _opened(self, kind: type, stored: Any) -> Personal:
        """Open text about a person. msgspec makes a `ValidationError` of what is raised here."""
        if kind is not Personal or not isinstance(stored, dict) or len(stored) != _PERSONAL_FIELDS:
            raise ValueError("this is no text about a person")
        try:
            subject, sealed = stored["subject"], stored.get("sealed")
            text = stored["text"] if sealed is None else ""
        except KeyError as fault:
            raise ValueError(f"it lacks {fault}") from None
        if not (isinstance(subject, str) and isinstance(sealed or text, str)):
            raise ValueError("it is no text")  # noqa: TRY004 - msgspec names ValueErrors best
        return self._opening.opened(PersonId(subject), text=text, sealed=sealed)


_encoder = Encoder()
_decoder = Decoder()
for _topic in EVENT_TYPES:
    # Here, while there is one thread: msgspec learns a type when a decoder first needs it, and crashes the
    # process if another thread meets the type half learnt.
    _decoder.learn(_topic)
encode = _encoder.encode
"""Writes an envelope with all text about people as it is."""
decode = _decoder.decode
"""Reads what `encode` wrote."""


def _personal(value: object) -> Personal:
    if not isinstance(value, Personal):
        msg = f"{type(value).__name__} has no stored form"
        raise TypeError(msg)
    return value


def _stored_actor(actor: Actor) -> _Actor:
    service = msgspec.UNSET if actor.service is None else actor.service
    return _Actor(actor.via, actor.subject, actor.client, actor.authorization, service)


def _actor(stored: _Actor) -> Actor:
    service = stored.service if isinstance(stored.service, str) else None
    return Actor(stored.via, stored.subject, stored.client, stored.authorization, service)


def _open_form(value: object) -> dict[str, str]:
    personal = _personal(value)
    return {"subject": personal.subject, "text": personal.text}


def _sealed_form(value: object) -> dict[str, str]:
    personal = _personal(value)
    if personal.sealed is None:
        return _open_form(value)
    return {"subject": personal.subject, "sealed": personal.sealed}


def event_to_builtins(event: Event, *, sealed: bool) -> Json:
    """Return the event's fields as JSON-ready values; times as RFC 3339 text, text about people open
    or `sealed` as it is stored."""
    form = _sealed_form if sealed else _open_form
    return cast("Json", msgspec.to_builtins(event, enc_hook=form))


def actor_to_builtins(actor: Actor) -> Json:
    """Return an actor's fields as JSON-ready values."""
    return cast("Json", msgspec.to_builtins(_stored_actor(actor)))
