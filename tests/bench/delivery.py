"""From a command to its event at a subscriber, at a steady rate: command taken, committed to SQLite,
published to a nats-server that syncs always, read by an integration's consumer. Beside it, the same
message published and read without Doorward, on the same server and disk."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

from nats.aio.client import Client
from nats.js import JetStreamContext

from adapters.nats_connection import close, connect
from domain.catalog import AppRecord, PutApp
from domain.ports import CommandOutcome, InboundCommand, Publisher
from domain.values import AppId
from server.config import Settings
from server.operations import OPERATIONS
from server.wiring import System, open_system
from tests import seeds
from tests.bench.oauth import Timing

RATE = 100
SECONDS = 10
COUNT = RATE * SECONDS


def measure(folder: Path) -> list[Timing]:
    """Return the table."""
    settings = Settings(data_dir=folder)
    with open_system(settings) as system, system.nats.open() as publisher:
        assert publisher is not None
        wish = {"name": "listener", "rights": ["subscribe"]}
        told = OPERATIONS["integration add"](system, json.dumps(wish).encode(), lambda _: None)
        return asyncio.run(_measure(system, publisher, told))


async def _measure(system: System, publisher: Publisher, told: dict[str, str]) -> list[Timing]:
    reader = system.nats.reader(_nothing)
    assert reader is not None
    running = [asyncio.ensure_future(one.run()) for one in (publisher, reader)]
    while not reader.status().connected:
        await asyncio.sleep(0.01)
    server = system.nats._server
    assert server is not None
    listener = await connect(told["nats_url"], nkeys_seed_str=told["nats_seed"])
    engine = await connect(server.url)
    try:
        raw = await _raw(engine)
        delivered = await _delivered(system, listener)
    finally:
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await close(listener)
        await close(engine)
    return [raw, delivered]


async def _nothing(_command: InboundCommand) -> CommandOutcome:
    raise AssertionError("no command was sent")


async def _delivered(system: System, client: Client) -> Timing:
    """Return how long after its command an event is read."""
    messages = await client.jetstream().pull_subscribe_bind("listener", "DOORWARD_EVENTS")
    began: dict[str, float] = {}
    reading = asyncio.create_task(_read(messages, began))
    for number in range(COUNT):
        due = time.perf_counter() + 1 / RATE
        app_id = f"bench-{number}"
        began[app_id] = time.perf_counter()
        command = PutApp(AppId(app_id), AppRecord(f"App {number}"))
        await system.bus.execute(command, seeds.CONTEXT)
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
    return _timing("command to subscriber", await reading)


async def _read(
    messages: JetStreamContext.PullSubscription, began: dict[str, float]
) -> list[float]:
    took: list[float] = []
    while len(took) < COUNT:
        try:
            batch = await messages.fetch(20, 5)
        except TimeoutError:
            continue
        at = time.perf_counter()
        for message in batch:
            app_id = json.loads(message.data)["data"].get("app_id", "")
            if app_id in began:
                took.append(at - began[app_id])
            await message.ack()
    return took


async def _raw(client: Client) -> Timing:
    """Return how long a bare publish with its acknowledgement takes, at the same rate."""
    took: list[float] = []
    jetstream = client.jetstream()
    await jetstream.add_stream(name="BENCH", subjects=["bench.>"])
    for _ in range(COUNT):
        due = time.perf_counter() + 1 / RATE
        began = time.perf_counter()
        await jetstream.publish("bench.x", b"x" * 900)
        took.append(time.perf_counter() - began)
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
    await jetstream.delete_stream("BENCH")
    return _timing("bare publish and ack", took)


def _timing(name: str, took: list[float]) -> Timing:
    took.sort()
    return Timing(name, RATE, 1_000 * took[len(took) // 2], 1_000 * took[int(len(took) * 0.99)])
