"""The event stream equals the log, whatever fails in between."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from nats.js.api import StreamConfig

from adapters import publisher_rows
from adapters.jetstream import EVENTS
from adapters.nats_connection import connect
from adapters.nats_publisher import NatsPublisher
from adapters.nats_server import EmbeddedNatsServer, NatsServerFailed
from adapters.open_store import open_store
from adapters.system import new_id
from domain.ports import EventStore, PublisherState
from server.command_bus import CommandBus
from server.duties import ended
from server.handlers import HANDLERS
from server.waking import LoopBell
from server.wiring import INLINE, SCHEMA
from server.workers.kept_process import KeptProcess
from tests import seeds

pytestmark = pytest.mark.anyio


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventStore]:
    store = open_store(f"sqlite:///{tmp_path / 'log.db'}")
    store.create((*SCHEMA, *publisher_rows.SCHEMA))
    yield store
    store.close()


@pytest.fixture
def commands(log: EventStore) -> Iterator[CommandBus]:
    bus = CommandBus(log, HANDLERS, INLINE, new_id)
    bus.start()
    yield bus
    bus.close()


@asynccontextmanager
async def publishing(log: EventStore, url: str) -> AsyncIterator[NatsPublisher]:
    publisher = NatsPublisher(log, lambda: connect(url), "main", bell=LoopBell())
    task = asyncio.create_task(publisher.run())
    try:
        yield publisher
    finally:
        await ended(task)
        await asyncio.gather(task, return_exceptions=True)


async def until(condition, seconds: float = 30) -> None:  # type: ignore[no-untyped-def]
    """Wait for a condition, polling, with a deadline."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def streamed(url: str) -> list[tuple[str, int]]:
    """Return (event id, position) of every message, in the order of the stream."""
    client = await nats.connect(url)
    js = client.jetstream()
    last = (await js.stream_info(EVENTS)).state.last_seq
    found = [await js.get_msg(EVENTS, sequence) for sequence in range(1, last + 1)]
    await client.close()
    return [
        (json.loads(one.data or b"")["id"], int((one.headers or {})["Doorward-Position"]))
        for one in found
    ]


def logged(log: EventStore) -> list[tuple[str, int]]:
    return [(one.envelope.event_id, one.position) for one in log.events_after(0, 10_000)]


async def caught_up(publisher: NatsPublisher, log: EventStore) -> None:
    publisher.wake()
    await until(lambda: publisher.status().position == log.head())


async def test_events_from_before_it_was_turned_on_and_after_arrive_once_and_in_order(
    server: EmbeddedNatsServer, log: EventStore, commands: CommandBus
) -> None:
    seeds.seed(commands)
    async with publishing(log, server.url) as publisher:
        await caught_up(publisher, log)
        await commands.execute(seeds.submission("r-1"), seeds.CONTEXT)
        await caught_up(publisher, log)
    assert await streamed(server.url) == logged(log)


async def test_a_message_is_a_cloud_event_under_its_subject(
    server: EmbeddedNatsServer, log: EventStore, commands: CommandBus
) -> None:
    seeds.seed(commands)
    await commands.execute(seeds.submission("r-1"), seeds.CONTEXT)
    async with publishing(log, server.url) as publisher:
        await caught_up(publisher, log)
    client = await nats.connect(server.url)
    message = await client.jetstream().get_last_msg(EVENTS, "doorward.main.evt.*.submitted.>")
    await client.close()
    body = json.loads(message.data or b"")
    assert message.subject == "doorward.main.evt.access_request.submitted.crm.r-1"
    assert body["specversion"] == "1.0"
    assert body["type"] == "doorward.access_request.submitted.v1"
    assert body["sequence"] == f"{log.head() - 2:020d}"
    assert body["data"]["requester"] == seeds.ALICE
    assert body["data"]["actor"]["via"] == "system"


async def test_two_publishers_at_once_leave_the_stream_equal_to_the_log(
    server: EmbeddedNatsServer, log: EventStore, commands: CommandBus
) -> None:
    seeds.seed(commands)
    async with publishing(log, server.url) as one, publishing(log, server.url) as other:
        for number in range(40):
            permissions = (seeds.READER,) if number % 2 else (seeds.WRITER,)
            await commands.execute(
                seeds.submission(f"r-{number}", permission_ids=permissions), seeds.CONTEXT
            )
            one.wake()
            other.wake()
        await caught_up(one, log)
        await caught_up(other, log)
    assert await streamed(server.url) == logged(log)


async def test_a_killed_server_is_started_again_and_nothing_is_lost_or_doubled(
    server: EmbeddedNatsServer, log: EventStore, commands: CommandBus
) -> None:
    seeds.seed(commands)
    async with publishing(log, server.url) as publisher:
        await caught_up(publisher, log)
        os.kill(server.pid, signal.SIGKILL)
        await commands.execute(seeds.submission("r-1"), seeds.CONTEXT)
        await caught_up(publisher, log)
    assert await streamed(server.url) == logged(log)


async def test_a_stream_made_anew_halts_the_publisher(
    server: EmbeddedNatsServer, log: EventStore, commands: CommandBus
) -> None:
    seeds.seed(commands)
    async with publishing(log, server.url) as publisher:
        await caught_up(publisher, log)
    client = await nats.connect(server.url)
    await client.jetstream().delete_stream(EVENTS)
    await client.close()
    async with publishing(log, server.url) as publisher:
        await until(lambda: publisher.status().state is PublisherState.HALTED)
        assert "published to it before" in publisher.status().reason


@pytest.mark.parametrize("replay", [True, False])
async def test_an_operator_lets_a_halted_publisher_go_on(
    server: EmbeddedNatsServer, log: EventStore, commands: CommandBus, replay: bool
) -> None:
    seeds.seed(commands)
    async with publishing(log, server.url) as publisher:
        await caught_up(publisher, log)
    client = await nats.connect(server.url)
    await client.jetstream().delete_stream(EVENTS)
    await client.close()
    before = log.head()
    async with publishing(log, server.url) as publisher:
        await until(lambda: publisher.status().state is PublisherState.HALTED)
        await asyncio.to_thread(publisher.resume, replay=replay)
        await commands.execute(seeds.submission("r-1"), seeds.CONTEXT)
        await caught_up(publisher, log)
    async with publishing(log, server.url) as publisher:
        await caught_up(publisher, log)
    assert await streamed(server.url) == (logged(log) if replay else logged(log)[before:])


async def test_a_foreign_message_at_the_end_of_the_stream_halts_the_publisher(
    server: EmbeddedNatsServer, log: EventStore, commands: CommandBus
) -> None:
    seeds.seed(commands)
    async with publishing(log, server.url) as publisher:
        await caught_up(publisher, log)
    client = await nats.connect(server.url)
    await client.jetstream().publish("doorward.main.evt.x.y.z.1", b"not ours")
    await client.close()
    async with publishing(log, server.url) as publisher:
        await until(lambda: publisher.status().state is PublisherState.HALTED)
        assert "not one of Doorward's" in publisher.status().reason


async def test_a_stream_with_other_settings_is_reported_and_left_alone(
    server: EmbeddedNatsServer, log: EventStore
) -> None:
    client = await nats.connect(server.url)
    theirs = StreamConfig(name=EVENTS, subjects=["doorward.main.evt.>"], max_age=3600)
    await client.jetstream().add_stream(theirs)
    async with publishing(log, server.url) as publisher:
        await until(lambda: publisher.status().state is PublisherState.FOLLOWING)
        drift = " ".join(publisher.status().drift)
    standing = (await client.jetstream().stream_info(EVENTS)).config
    await client.close()
    assert all(setting in drift for setting in ("max_age", "deny_delete", "deny_purge"))
    assert standing.max_age == 3600


async def test_an_unreachable_server_is_reported_without_its_password(log: EventStore) -> None:
    async with publishing(log, "nats://me:hunter2@127.0.0.1:1") as publisher:
        await until(lambda: publisher.status().reason not in ("", "not started"))
        assert publisher.status().state is PublisherState.DISCONNECTED
        assert "hunter2" not in publisher.status().reason


async def test_strangers_are_refused_by_the_embedded_server(server: EmbeddedNatsServer) -> None:
    port = server.url.rsplit(":", 1)[1]
    stranger = Client()
    with pytest.raises((nats.errors.Error, OSError)):
        await stranger.connect(
            f"nats://127.0.0.1:{port}", allow_reconnect=False, max_reconnect_attempts=1
        )
    await stranger.close()


def test_one_folder_serves_one_server(server: EmbeddedNatsServer, tmp_path: Path) -> None:
    with pytest.raises(NatsServerFailed, match="another process uses"):
        EmbeddedNatsServer(tmp_path / "nats").start(KeptProcess)


def test_a_server_that_cannot_start_says_so(tmp_path: Path) -> None:
    with pytest.raises(NatsServerFailed, match="cannot start"):
        EmbeddedNatsServer(tmp_path / "nats", binary=tmp_path / "absent").start(KeptProcess)
