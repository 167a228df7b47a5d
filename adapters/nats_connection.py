"""One connection to NATS, made fresh for each session: nats-py closes for good on most errors and
buffers what it cannot send, so whoever uses a connection gives it up at the first fault and begins
again with another."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import nats.errors
from nats.aio.client import Client

Connect = Callable[[], Awaitable[Client]]
"""Makes a new connection; raises a `nats.errors.Error`, `OSError` or `TimeoutError`."""


async def connect(url: str) -> Client:
    """Connect once, failing fast; after that a lost connection ends the session."""
    client = Client()
    try:
        await asyncio.wait_for(
            client.connect(
                url,
                allow_reconnect=False,
                max_reconnect_attempts=1,
                connect_timeout=5,
                ping_interval=10,
                max_outstanding_pings=2,
                pending_size=8 * 1024 * 1024,
                error_cb=_ignore,
            ),
            timeout=10,
        )
    except BaseException:
        # A half-made connection (no greeting, or cancelled) would keep its socket open.
        await close(client)
        raise
    return client


async def close(client: Client) -> None:
    with contextlib.suppress(nats.errors.Error, OSError, TimeoutError):
        await asyncio.wait_for(client.close(), 2)


async def _ignore(_fault: Exception) -> None:
    """Take nats-py's report of a fault; the session meets the same one and says it once."""


def reason(fault: Exception) -> str:
    """Return why, without the URL: it may hold credentials."""
    return str(fault).split("://", maxsplit=1)[0] or type(fault).__name__
