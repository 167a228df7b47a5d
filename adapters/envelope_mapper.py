"""The library's mapper, between our envelopes and its stored events. The topic column holds our
literal topic, never a module path."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from eventsourcing.persistence import Mapper, StoredEvent

from adapters.event_codec import Decoder, Encoder, Opening, Sealing
from domain.envelope import Envelope, Recorded
from domain.values import StreamId


class EnvelopeMapper(Mapper[str]):
    """Maps `Envelope` to `StoredEvent` and back."""

    def __init__(self, decoder: Decoder, encoder: Encoder) -> None:
        """Take no transcoder, compressor or cipher: the codec is ours."""
        self._decoder = decoder
        self._encoder = encoder

    @classmethod
    def opening(cls, opening: Opening) -> EnvelopeMapper:
        """Return a mapper that opens text about people, and seals none."""
        return cls(Decoder(opening), Encoder())

    def sealing(self, sealing: Sealing) -> EnvelopeMapper:
        """Return one that seals too."""
        return EnvelopeMapper(self._decoder, Encoder(sealing))

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """Return the stored form of an envelope."""
        envelope: Envelope = domain_event
        return StoredEvent(
            originator_id=envelope.stream,
            originator_version=envelope.version,
            topic=envelope.event.TOPIC,
            state=self._encoder.encode(envelope),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """Return the envelope; raises `event_codec.Undecodable`."""
        return self.envelope(stored_event)

    def recorded(self, rows: Iterable[Sequence[Any]]) -> list[Recorded]:
        """Return the events of rows that hold a position and then the columns of a stored event;
        raises `event_codec.Undecodable`."""
        decode = self._decoder.decode
        return [
            Recorded(position, decode(topic, stream, version, state))
            for position, stream, version, topic, state in rows
        ]

    def envelope(self, stored_event: StoredEvent) -> Envelope:
        """Return the envelope of a stored event; raises `event_codec.Undecodable`."""
        return self._decoder.decode(
            stored_event.topic,
            StreamId(str(stored_event.originator_id)),
            stored_event.originator_version,
            stored_event.state,
        )
