"""An integration that reads events from its own durable consumer, with nats-py and nothing of Doorward's: it connects
anew when it has to, and acknowledges what it has written down."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from domain.integration import IntegrationKey
from server.duties import ended
from tests.faults.people import LISTENER

STREAM = "DOORWARD_EVENTS"
FAULTS = (nats.errors.Error, nats.js.errors.Error, OSError, TimeoutError)
Url = Callable[[], str]


@dataclass
class Heard:
    """What has arrived, by its event's id: position, aggregate and version. `disorder` is what came in a wrong
    order, though it was sent for the first time: only what was lost on its way, and is sent again, comes late."""

    events: dict[str, tuple[int, str, int]] = field(default_factory=dict)
    disorder: list[str] = field(default_factory=list)
    _last: int = 0

    def take(self, message: Msg) -> None:
        """Write a message down."""
        event = json.loads(message.data)
        if event["id"] in self.events:
            return
        position = int(event["sequence"])
        aggregate = f"{event['type'].split('.')[1]} {event['subject']}"
        self.events[event["id"]] = (position, aggregate, int(event["aggversion"]))
        if message.metadata.num_delivered == 1:
            if position < self._last:
                self.disorder.append(f"{position} came after {self._last}")
            self._last = position


@asynccontextmanager
async def listening(url: Url, key: IntegrationKey | None) -> AsyncIterator[Heard]:
    """Listen for as long as the block runs; `url` is asked at each connection, without a `key` anybody is
    let in."""
    heard = Heard()
    task = asyncio.create_task(_listen(url, key, heard))
    try:
        yield heard
        assert not task.done(), task.exception()
    finally:
        await ended(task)
        await asyncio.gather(task, return_exceptions=True)


async def _listen(url: Url, key: IntegrationKey | None, heard: Heard) -> None:
    while True:
        with suppress(*FAULTS):
            await _session(url(), key, heard)
        await asyncio.sleep(0.1)


async def _session(url: str, key: IntegrationKey | None, heard: Heard) -> None:
    async def ignore(_fault: Exception) -> None:
        """What is reported here is met by whoever waits, too."""

    client = Client()
    try:
        await client.connect(
            url.split(","),
            nkeys_seed_str=key.secret if key else None,
            allow_reconnect=False,
            connect_timeout=2,
            ping_interval=2,
            max_outstanding_pings=2,
            error_cb=ignore,
            inbox_prefix="_INBOX",
        )
        mine = await client.jetstream(timeout=2).pull_subscribe_bind(LISTENER, STREAM)
        while not client.is_closed:
            with suppress(TimeoutError):
                # One by one: what is lost on the way with others would come after them.
                for message in await mine.fetch(1, 1):
                    heard.take(message)
                    await message.ack_sync(timeout=2)
    finally:
        with suppress(*FAULTS):
            await asyncio.wait_for(client.close(), 2)
