"""Whether the NATS that is there is a safe one and, where it is a cluster, a whole one: its version, what its
streams differ in, on which servers they are kept, and what comes of the attacks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from adapters.jetstream import ensure_streams
from adapters.nats_attacks import Scene, try_attacks
from adapters.nats_connection import Connect, close, reason
from adapters.stream_keeping import LEAST_PAYLOAD, keeping
from domain.messaging import NatsCheck
from server.failures import StartFailed

LEAST_VERSION = (2, 12, 8)
"""The oldest nats-server without the known faults of streams and of replies between accounts."""


@dataclass(frozen=True, slots=True)
class NatsDoctor:
    """Looks at the server with both of Doorward's own connections."""

    tenant: str
    replicas: int
    publishing: Connect
    reading: Connect

    def check(self, name: str, victim: str, attacker: Callable[[], Connect]) -> NatsCheck:
        """Look at everything, and try the attacks as `name` on `victim`; blocking. Raises
        `StartFailed`."""
        try:
            return asyncio.run(self._check(name, victim, attacker()))
        except Exception as fault:
            raise StartFailed(f"NATS: {reason(fault)}") from fault

    async def _check(self, name: str, victim: str, attacker: Connect) -> NatsCheck:
        engine = await self.publishing()
        reader = await self.reading()
        attacking = await attacker()
        try:
            jetstream = engine.jetstream()
            drift = await ensure_streams(jetstream, self.tenant, self.replicas)
            scene = Scene(attacking, name, victim, reader, self.tenant)
            version = engine.connected_server_version
            numbers = (version.major, version.minor, version.patch)
            return NatsCheck(
                version=".".join(map(str, numbers)),
                recent=numbers >= LEAST_VERSION,
                drift=tuple(map(str, drift)),
                streams=tuple(await keeping(jetstream, self.tenant)),
                roomy=engine.max_payload >= LEAST_PAYLOAD,
                attacks=tuple(await try_attacks(scene)),
            )
        finally:
            for client in (engine, reader, attacking):
                await close(client)
