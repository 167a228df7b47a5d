"""An embedded server with integrations, and connections as each of them has it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nats.aio.client import Client

from adapters.nats_accounts import new_nats_key
from adapters.nats_connection import close
from domain.integration import IntegrationKey, IntegrationRecord, Right

EVERYTHING = (Right.DECIDE, Right.FULFIL, Right.SUBSCRIBE)


def record(key: IntegrationKey, *rights: Right, apps: tuple[str, ...] = ()) -> IntegrationRecord:
    """Return an integration that signs in with this key."""
    return IntegrationRecord(rights or EVERYTHING, apps, key.public)


@asynccontextmanager
async def signed_in(url: str, key: IntegrationKey | None = None) -> AsyncIterator[Client]:
    """Connect with a key, or with what stands in the URL."""
    client = Client()

    async def ignore(_fault: Exception) -> None:
        """What is forbidden is reported here, and nowhere else."""

    try:
        await client.connect(
            url,
            nkeys_seed_str=key.secret if key else None,
            allow_reconnect=False,
            error_cb=ignore,
            inbox_prefix="_INBOX",
        )
        yield client
    finally:
        await close(client)


__all__ = ["EVERYTHING", "new_nats_key", "record", "signed_in"]
