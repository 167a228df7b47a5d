"""A process that was paused for longer than anybody waits, and then goes on as if nothing had been."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.open_store import open_store
from adapters.system import new_id
from domain.catalog import AppRecord, PutApp
from domain.ports import EventStore
from domain.values import AppId
from server.command_bus import CommandBus
from server.handlers import HANDLERS
from server.wiring import INLINE, SCHEMA
from tests.chaos.following import SEEN
from tests.chaos.processes import NatsProcess
from tests.chaos.test_many_writers import added, seen
from tests.chaos.test_stream import last_sequence
from tests.cluster.members import Member, until
from tests.nats.test_publisher import streamed
from tests.seeds import CONTEXT

pytestmark = pytest.mark.anyio


@pytest.fixture
def log(postgres_url: str) -> Iterator[EventStore]:
    store = open_store(postgres_url)
    store.create((*SCHEMA, *SEEN.schema))
    yield store
    store.close()


@pytest.fixture
def bus(log: EventStore) -> Iterator[CommandBus]:
    running = CommandBus(log, HANDLERS, INLINE, new_id)
    running.start()
    yield running
    running.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsProcess]:
    running = NatsProcess(tmp_path / "nats")
    running.start()
    yield running
    running.kill()


async def test_a_zombie_changes_nothing(
    log: EventStore, bus: CommandBus, server: NatsProcess, postgres_url: str
) -> None:
    """It is stopped in the middle of its work; whoever takes over does not wait for it, and its waking
    up neither doubles nor reorders anything, in the read model or on the stream."""

    async def grow(events: int) -> None:
        for number in range(log.head(), log.head() + events):
            app = PutApp(AppId(f"app-{number}"), AppRecord(f"App {number}"))
            await bus.execute(app, CONTEXT)

    async def followed() -> None:
        until(lambda: len(seen(log)) == log.head())
        while await last_sequence(server.url) < log.head():
            pass

    def follower() -> Member:
        member = Member("following", postgres_url, server.url, package="tests.chaos")
        member.hears("ready")
        return member

    zombie = follower()
    await grow(20)
    await followed()
    await grow(200)
    zombie.send(signal.SIGSTOP)
    successor = follower()
    try:
        await grow(20)
        await followed()
        zombie.send(signal.SIGCONT)
        await grow(20)
        await followed()
    finally:
        zombie.kill()
        successor.kill()
    assert seen(log) == added(log)
    assert [position for _, position in await streamed(server.url)] == [
        position for position, _ in added(log)
    ]
