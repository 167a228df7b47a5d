"""Publishing and reading commands where another process does it: what every process can tell and decide."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from nats.js.errors import NotFoundError

from adapters.jetstream import EVENTS
from adapters.nats_accounts import new_nats_key
from adapters.nats_commands import NatsCommands
from adapters.nats_connection import close, connect
from adapters.nats_publisher import NatsPublisher
from adapters.open_store import open_store
from adapters.system import new_id
from domain.duties import TenureOver
from domain.integration import IntegrationRecord, Right
from domain.ports import (
    CommandOutcome,
    EventStore,
    InboundCommand,
    Poison,
    PublisherState,
    Rows,
)
from server.command_bus import CommandBus
from server.duties import ended
from server.handlers import HANDLERS
from server.waking import LoopBell
from server.wiring import INLINE, SCHEMA
from tests import seeds
from tests.chaos.processes import NatsProcess
from tests.nats.test_publisher import logged, streamed, until

pytestmark = pytest.mark.anyio


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsProcess]:
    running = NatsProcess(tmp_path / "nats")
    running.start()
    yield running
    running.kill()


@pytest.fixture
def log(postgres_url: str) -> Iterator[EventStore]:
    store = open_store(postgres_url)
    store.create(SCHEMA)
    bus = CommandBus(store, HANDLERS, INLINE, new_id)
    bus.start()
    seeds.seed(bus)
    bus.close()
    yield store
    store.close()


def publisher(log: EventStore, server: NatsProcess) -> NatsPublisher:
    """Return one process's publisher."""
    return NatsPublisher(log, lambda: connect(server.url), "main", bell=LoopBell())


@asynccontextmanager
async def running(loop: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(loop)
    try:
        yield
    finally:
        await ended(task)
        await asyncio.gather(task, return_exceptions=True)


async def caught_up(one: NatsPublisher, log: EventStore) -> None:
    await until(lambda: one.status().position == log.head())


async def delete_stream(server: NatsProcess) -> None:
    client = await connect(server.url)
    await client.jetstream().delete_stream(EVENTS)
    await close(client)


async def test_a_process_that_does_not_publish_tells_how_far_it_has_come(
    log: EventStore, server: NatsProcess
) -> None:
    here, there = publisher(log, server), publisher(log, server)
    assert there.observed().state is PublisherState.ELSEWHERE
    async with running(here.run()):
        await caught_up(here, log)
        assert here.observed().state is PublisherState.FOLLOWING
        await until(lambda: there.observed().position == log.head())
        assert there.observed().state is PublisherState.ELSEWHERE


async def test_an_operator_may_tell_any_process_how_a_halted_one_goes_on(
    log: EventStore, server: NatsProcess
) -> None:
    here, there = publisher(log, server), publisher(log, server)
    async with running(here.run()):
        await caught_up(here, log)
    await delete_stream(server)
    async with running(here.run()):
        await until(lambda: there.observed().state is PublisherState.HALTED)
        assert "published to it before" in there.observed().reason
        await asyncio.to_thread(there.resume, replay=True)
        await until(lambda: here.status().state is PublisherState.FOLLOWING)
        await caught_up(here, log)
        assert there.observed().state is PublisherState.ELSEWHERE
    assert await streamed(server.url) == logged(log)


async def test_a_halt_is_alarmed_once_by_whichever_process_and_then_only_told(
    log: EventStore, server: NatsProcess, caplog: pytest.LogCaptureFixture
) -> None:
    here, there = publisher(log, server), publisher(log, server)
    async with running(here.run()):
        await caught_up(here, log)
    await delete_stream(server)
    for one in (here, there):
        async with running(one.run()):
            await until(lambda one=one: one.status().state is PublisherState.HALTED)
    said = [(one.levelname, one.getMessage()) for one in caplog.records if "NATS publ" in one.msg]
    assert [level for level, _ in said] == ["CRITICAL", "WARNING"]
    assert "still waits for a person: " in said[1][1]


async def test_a_publisher_whose_tenure_is_over_ends_and_writes_no_row(
    log: EventStore, server: NatsProcess
) -> None:
    def over(_rows: Rows) -> None:
        raise TenureOver

    zombie = publisher(log, server)
    with pytest.raises(TenureOver):
        await zombie.run(over)
    assert publisher(log, server).observed().position == 0


async def test_an_integration_that_another_process_added_gets_its_consumer(
    log: EventStore, server: NatsProcess
) -> None:
    async def answer(_command: InboundCommand) -> CommandOutcome:
        raise Poison("nobody sends any")

    standing: dict[str, IntegrationRecord] = {}
    reader = NatsCommands(
        answer,
        lambda: connect(server.url),
        "main",
        lambda: dict(standing),
        log.open_text,
        bell=LoopBell(),
    )
    client = await connect(server.url)
    async with running(reader.run()):
        await until(lambda: reader.status().connected)
        record = IntegrationRecord((Right.SUBSCRIBE,), nkey=new_nats_key().public)
        standing["siem"] = record
        async with asyncio.timeout(30):
            while not await _has_consumer(client.jetstream(), "siem"):
                await asyncio.sleep(0.05)
        standing.clear()
        async with asyncio.timeout(30):
            while await _has_consumer(client.jetstream(), "siem"):
                await asyncio.sleep(0.05)
    await close(client)


async def _has_consumer(jetstream: Any, name: str) -> bool:
    try:
        await jetstream.consumer_info(EVENTS, name)
    except NotFoundError:
        return False
    return True
