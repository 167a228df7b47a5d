"""A publisher as a process of its own: ``python -m tests.chaos.publishing DATABASE_URL NATS_URL``."""

from __future__ import annotations

import asyncio
import sys

from adapters.nats_connection import connect
from adapters.nats_publisher import NatsPublisher
from adapters.open_store import open_store
from server.waking import LoopBell


async def publish(database_url: str, nats_url: str) -> None:
    store = open_store(database_url)
    publisher = NatsPublisher(store, lambda: connect(nats_url), "main", bell=LoopBell())
    running = asyncio.create_task(publisher.run())
    print("ready", flush=True)
    while not running.done():
        # The log grows in another process, which tells nobody here.
        publisher.wake()
        await asyncio.wait({running}, timeout=0.02)
    await running


if __name__ == "__main__":
    asyncio.run(publish(*sys.argv[1:3]))
