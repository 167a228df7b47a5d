"""What an operator asks NATS for: how far integrations are behind, and the dead letters. Each question is
one connection of its own, from a thread without an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from nats.js import JetStreamContext

from adapters import dead_letters, stream_audit, stream_keeping
from adapters.cloud_events import ID_HEADER, POSITION_HEADER, to_message
from adapters.command_subjects import from_stream
from adapters.integration_consumers import lags
from adapters.nats_connection import Connect, close, reason
from domain.envelope import Recorded
from domain.messaging import ConsumerLag, DeadLetter, StreamKeeping
from domain.ports import InboundCommand
from domain.published import Published
from server.failures import StartFailed

Found = TypeVar("Found")
MOST = 100


@dataclass(frozen=True, slots=True)
class NatsDesk:
    """Asks over the connection that reads commands. Every method blocks and raises `StartFailed`."""

    connect: Connect
    tenant: str

    def lags(self) -> list[ConsumerLag]:
        """Return how far each integration's consumers are behind."""
        return self._ask(lambda jetstream: lags(jetstream, self.tenant))

    def keeping(self) -> list[StreamKeeping]:
        """Return on how many servers streams and consumers are kept."""
        return self._ask(lambda jetstream: stream_keeping.keeping(jetstream, self.tenant))

    def read_events(self, take: Callable[[list[Published]], None]) -> None:
        """Give all messages of the event stream to `take`, in order, in batches."""

        async def read(jetstream: JetStreamContext) -> None:
            async for batch in stream_audit.published(jetstream, self.tenant):
                take(batch)

        self._ask(read)

    def published(self, recorded: Recorded, sequence: int) -> Published:
        """Return the message that an event gives, at a sequence."""
        message = to_message(recorded, self.tenant)
        position, event_id = message.headers[POSITION_HEADER], message.headers[ID_HEADER]
        return Published(sequence, message.subject, position, event_id, message.payload)

    def letters(self) -> list[DeadLetter]:
        """Return the newest dead letters."""
        return self._ask(lambda jetstream: dead_letters.letters(jetstream, self.tenant, MOST))

    def letter(self, number: int) -> DeadLetter | None:
        """Return one dead letter."""
        return self._ask(lambda jetstream: dead_letters.letter(jetstream, self.tenant, number))

    def discard(self, number: int) -> bool:
        """Forget a dead letter."""
        return self._ask(lambda jetstream: dead_letters.discard(jetstream, self.tenant, number))

    def command_of(self, letter: DeadLetter) -> InboundCommand:
        """Return the command that a dead letter was meant as; raises `Poison`."""
        return from_stream(self.tenant, letter.subject, None, letter.body)

    def _ask(self, question: Callable[[JetStreamContext], Awaitable[Found]]) -> Found:
        async def asked() -> Found:
            client = await self.connect()
            try:
                return await question(client.jetstream())
            finally:
                await close(client)

        try:
            return asyncio.run(asked())
        except Exception as fault:
            raise StartFailed(f"NATS: {reason(fault)}") from fault
