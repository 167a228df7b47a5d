"""Whatever fails between log and stream, in the end the stream equals the log: each event once and in
order."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import nats.errors
import nats.js.errors
import pytest

from adapters import publisher_rows
from adapters.jetstream import EVENTS
from adapters.nats_connection import close, connect
from adapters.open_store import open_store
from adapters.system import new_id
from domain.catalog import AppRecord, PutApp
from domain.ports import EventStore
from domain.values import AppId
from server.command_bus import CommandBus
from server.handlers import HANDLERS
from server.wiring import INLINE, SCHEMA
from tests import seeds
from tests.chaos.processes import NatsProcess, PublisherProcess, cutting_proxy
from tests.nats.test_publisher import streamed

pytestmark = pytest.mark.anyio
SECONDS = 20
"""How long faults go on in each test."""
DEADLINE = 60
SEED = 20261125


@pytest.fixture
def chance() -> random.Random:
    print(f"seed {SEED}")
    return random.Random(SEED)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsProcess]:
    running = NatsProcess(tmp_path / "nats")
    running.start()
    yield running
    running.kill()


class Load:
    """A log that grows through the real bus."""

    def __init__(self, path: Path) -> None:
        self.url = f"sqlite:///{path}"
        self.store: EventStore = open_store(self.url)
        self.store.create((*SCHEMA, *publisher_rows.SCHEMA))
        self._bus = CommandBus(self.store, HANDLERS, INLINE, new_id)
        self._bus.start()
        self._number = 0

    def close(self) -> None:
        self._bus.close()
        self.store.close()

    async def grow(self, events: int) -> None:
        """Let so many things happen."""
        for _ in range(events):
            self._number += 1
            command = PutApp(AppId(f"app-{self._number}"), AppRecord(f"App {self._number}"))
            await self._bus.execute(command, seeds.CONTEXT)

    def logged(self) -> list[tuple[str, int]]:
        found: list[tuple[str, int]] = []
        while batch := self.store.events_after(len(found), 1_000):
            found += [(one.envelope.event_id, one.position) for one in batch]
        return found


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    growing = Load(tmp_path / "log.db")
    yield growing
    growing.close()


async def while_it_grows(
    load: Load, chance: random.Random, fault: Callable[[], Awaitable[None]]
) -> None:
    """Make faults while the log grows, for a while."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        growing = asyncio.create_task(load.grow(chance.randint(20, 120)))
        await fault()
        await growing


async def last_sequence(url: str) -> int:
    """Return how many messages the stream holds, 0 while it cannot be asked."""
    try:
        client = await connect(url)
    except (nats.errors.Error, OSError, TimeoutError):
        return 0
    try:
        return int((await client.jetstream().stream_info(EVENTS)).state.last_seq)
    except (nats.errors.Error, nats.js.errors.Error, OSError):
        return 0
    finally:
        await close(client)


async def equal(load: Load, server: NatsProcess) -> None:
    """Wait until the stream is as long as the log, and compare them."""
    expected = load.logged()
    async with asyncio.timeout(DEADLINE):
        while await last_sequence(server.url) < len(expected):
            await asyncio.sleep(0.05)
    assert await streamed(server.url) == expected
    print(f"{len(expected)} events")


async def test_publisher_and_server_are_killed_at_any_moment(
    load: Load, server: NatsProcess, chance: random.Random
) -> None:
    publisher = PublisherProcess(load.url, server.url)
    publisher.start()

    async def kill() -> None:
        await asyncio.sleep(chance.uniform(0.05, 0.6))
        if chance.random() < 0.5:
            server.kill()
            await asyncio.sleep(chance.uniform(0, 0.3))
            server.start()
        else:
            publisher.kill()
            publisher.start()

    try:
        await while_it_grows(load, chance, kill)
        await equal(load, server)
    finally:
        publisher.kill()


async def test_a_twin_is_paused_in_the_middle_and_comes_back(
    load: Load, server: NatsProcess, chance: random.Random
) -> None:
    twins = [PublisherProcess(load.url, server.url) for _ in range(2)]
    for one in twins:
        one.start()

    async def pause() -> None:
        twin = chance.choice(twins)
        await asyncio.sleep(chance.uniform(0, 0.2))
        twin.send(signal.SIGSTOP)
        await asyncio.sleep(chance.uniform(0.05, 0.5))
        twin.send(signal.SIGCONT)

    try:
        await while_it_grows(load, chance, pause)
        await equal(load, server)
    finally:
        for one in twins:
            one.kill()


async def test_acknowledgements_are_cut_off(
    load: Load, server: NatsProcess, chance: random.Random
) -> None:
    async with cutting_proxy(server.port, chance) as port:
        publisher = PublisherProcess(load.url, f"nats://127.0.0.1:{port}")
        publisher.start()

        async def nothing_more() -> None:
            await asyncio.sleep(chance.uniform(0, 0.2))

        try:
            await while_it_grows(load, chance, nothing_more)
            await equal(load, server)
        finally:
            publisher.kill()


async def test_the_disk_of_the_stream_is_restored_from_an_older_day(
    load: Load, server: NatsProcess, chance: random.Random, tmp_path: Path
) -> None:
    publisher = PublisherProcess(load.url, server.url)
    publisher.start()
    try:
        for day in range(4):
            await load.grow(chance.randint(20, 80))
            await equal(load, server)
            server.kill()
            server.copy_store(tmp_path / f"day-{day}")
            server.start()
            await load.grow(chance.randint(20, 80))
            await equal(load, server)
            server.kill()
            server.restore(tmp_path / f"day-{chance.randint(0, day)}")
            server.start()
            await load.grow(1)
            await equal(load, server)
    finally:
        publisher.kill()
