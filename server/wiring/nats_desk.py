"""What an operator asks NATS for: how far integrations are behind, and the dead letters. Each question is
one connection of its own, from a thread without an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from nats.js import JetStreamContext

from adapters import dead_letters
from adapters.command_subjects import from_stream
from adapters.integration_consumers import lags
from adapters.nats_connection import Connect, close, reason
from domain.messaging import ConsumerLag, DeadLetter
from domain.ports import InboundCommand
from server.wiring.start_failures import StartFailed

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
