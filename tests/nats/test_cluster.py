"""NATS on several servers: what is kept is kept on three, and a server that dies, or an election of another
leader, is waited out without a hand."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TypeVar

import nats.errors
import nats.js.errors
import pytest
from nats.aio.client import Client
from nats.js.api import StreamConfig

from adapters import nats_commands, stream_keeping
from adapters.checkpoint_stream import NatsCheckpoints
from adapters.integration_consumers import ensure_consumers
from adapters.jetstream import (
    COMMANDS,
    EVENTS,
    OUTCOMES,
    TooFewServers,
    ensure_streams,
    stream_configs,
)
from adapters.nats_accounts import new_nats_key
from adapters.nats_commands import CONSUMER, NatsCommands
from adapters.nats_connection import close, connect
from adapters.nats_publisher import NatsPublisher
from adapters.stream_keeping import keeping
from domain.access_request import DecisionTaken
from domain.checkpoint import Witnessed
from domain.ports import PublisherState
from domain.values import RequestId
from server.config import Settings
from server.duties import ended
from server.integrations.answering import Answering
from server.waking import LoopBell
from server.wiring import System, open_system
from tests import seeds
from tests.chaos.test_stream import Load
from tests.integrations.test_answering import asked, bring_in, decision, events, operate
from tests.nats.cluster import SIZE, Cluster, leader_of, running_cluster
from tests.nats.integrations import record
from tests.nats.test_publisher import until

pytestmark = pytest.mark.anyio
FAULTS = (nats.errors.Error, nats.js.errors.Error, OSError, TimeoutError)
DEADLINE = 60
Found = TypeVar("Found")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with running_cluster(tmp_path / "cluster") as running:
        yield running


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    growing = Load(tmp_path / "log.db")
    yield growing
    growing.close()


async def insist(what: Callable[[Client], Awaitable[Found]], url: str) -> Found:
    """Do it, again until it succeeds."""
    async with asyncio.timeout(DEADLINE):
        while True:
            with suppress(*FAULTS):
                client = await connect(url)
                try:
                    return await what(client)
                finally:
                    await close(client)
            await asyncio.sleep(0.1)


async def with_streams(cluster: Cluster) -> None:
    """Wait until the cluster has formed and keeps the streams."""

    async def make(client: Client) -> None:
        assert await ensure_streams(client.jetstream(), "main") == []

    await formed(cluster)
    await insist(make, cluster.url)


async def formed(cluster: Cluster) -> None:
    """Wait until the cluster has a leader: what is asked before that is not answered at all."""

    async def ask(client: Client) -> None:
        await client.jetstream(timeout=0.2).account_info()

    await insist(ask, cluster.url)


@asynccontextmanager
async def running(loop: Awaitable[None]) -> AsyncIterator[None]:
    task = asyncio.ensure_future(loop)
    try:
        yield
        assert not task.done()
    finally:
        await ended(task)
        await asyncio.gather(task, return_exceptions=True)


async def streamed(url: str) -> list[tuple[str, int]]:
    """Return (event id, position) of every message, in the order of the stream."""

    async def read(client: Client) -> list[tuple[str, int]]:
        jetstream = client.jetstream()
        last = (await jetstream.stream_info(EVENTS)).state.last_seq
        found = [await jetstream.get_msg(EVENTS, number) for number in range(1, last + 1)]
        return [
            (json.loads(one.data or b"")["id"], int((one.headers or {})["Doorward-Position"]))
            for one in found
        ]

    return await insist(read, url)


async def test_streams_and_consumers_are_kept_on_three_servers(cluster: Cluster) -> None:
    await with_streams(cluster)
    auto = {"auto": record(new_nats_key())}

    async def look(client: Client) -> None:
        await ensure_consumers(client.jetstream(), "main", auto)
        found = await keeping(client.jetstream(), "main")
        assert len(found) == len(stream_configs("main")) + 2
        assert {one.replicas for one in found} == {SIZE}
        assert all(one.leader and not one.behind for one in found)

    await insist(look, cluster.url)


async def test_fewer_copies_than_the_cluster_allows_are_told_and_left_alone(
    cluster: Cluster,
) -> None:
    async def make_alone(client: Client) -> None:
        alone = StreamConfig(name=EVENTS, subjects=["doorward.main.evt.>"], num_replicas=1)
        await client.jetstream().add_stream(alone)

    async def look(client: Client) -> None:
        drift = [str(one) for one in await ensure_streams(client.jetstream(), "main")]
        assert f"{EVENTS}: num_replicas is 1, not 3" in drift
        assert (await client.jetstream().stream_info(EVENTS)).config.num_replicas == 1
        own = {str(one) for one in await ensure_streams(client.jetstream(), "main", 1)}
        assert f"{EVENTS}: num_replicas is 1, not 3" not in own

    await formed(cluster)
    await insist(make_alone, cluster.url)
    await insist(look, cluster.url)


async def test_too_few_servers_are_told_with_what_to_do(cluster: Cluster) -> None:
    await with_streams(cluster)
    client = await connect(cluster.url)
    with pytest.raises(TooFewServers, match="set DOORWARD_NATS_REPLICAS"):
        await ensure_streams(client.jetstream(), "other", 5)
    await close(client)


async def test_a_server_that_is_gone_or_silent_keeps_nobody_from_the_others(
    cluster: Cluster,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent_url = f"nats://127.0.0.1:{silent.getsockname()[1]}"
        cluster.kill(0)
        for _ in range(10):
            client = await connect(f"{silent_url},{cluster.url}")
            assert await client.rtt() >= 0
            await close(client)
    for place in range(SIZE):
        cluster.kill(place)
    with pytest.raises(FAULTS):
        await connect(cluster.url)


async def test_the_stream_equals_the_log_though_its_leader_is_killed_while_events_are_published(
    cluster: Cluster, load: Load
) -> None:
    await with_streams(cluster)
    publisher = NatsPublisher(load.store, lambda: connect(cluster.url), "main", bell=LoopBell())
    async with running(publisher.run()):
        await load.grow(50)
        publisher.wake()
        await until(lambda: publisher.status().position == load.store.head())
        leader = await insist(lambda client: leader_of(client, EVENTS), cluster.url)
        growing = asyncio.create_task(load.grow(500))
        begun = load.store.head()
        await until(lambda: load.store.head() > begun + 50)
        publisher.wake()
        cluster.kill(leader)
        await growing
        publisher.wake()
        await until(lambda: publisher.status().position == load.store.head(), DEADLINE)
        cluster.start(leader)
        await load.grow(10)
        publisher.wake()
        await until(lambda: publisher.status().position == load.store.head(), DEADLINE)
        assert publisher.status().state is PublisherState.FOLLOWING
    assert await streamed(cluster.url) == load.logged()


async def test_servers_are_restarted_one_by_one_and_nobody_has_to_help(
    cluster: Cluster, load: Load
) -> None:
    await with_streams(cluster)
    publisher = NatsPublisher(load.store, lambda: connect(cluster.url), "main", bell=LoopBell())
    checkpoints = NatsCheckpoints(lambda: connect(cluster.url), "main")

    async def whole(client: Client) -> None:
        if not all(
            one.leader and not one.behind for one in await keeping(client.jetstream(), "main")
        ):
            raise TimeoutError

    async with running(publisher.run()):
        for place in range(SIZE):
            await insist(whole, cluster.url)
            cluster.stop(place)
            await load.grow(30)
            publisher.wake()
            await until(lambda: publisher.status().position == load.store.head(), DEADLINE)
            cluster.start(place)
            cluster.await_greeting(place)
        await insist(whole, cluster.url)
        await checkpoints.put(1, Witnessed("a note"))
        assert [one.note for one in await checkpoints.read()] == ["a note"]
    assert await streamed(cluster.url) == load.logged()


async def test_the_doctor_tells_which_server_is_away(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_streams(cluster)
    monkeypatch.setattr(stream_keeping, "LOOKS", 1)
    leader = await insist(lambda client: leader_of(client, EVENTS), cluster.url)
    away = (leader + 1) % SIZE
    cluster.kill(away)

    async def told(client: Client) -> None:
        found = {one.name: one for one in await keeping(client.jetstream(), "main")}
        if found[EVENTS].behind != (f"n{away}",):
            raise TimeoutError

    await insist(told, cluster.url)


@pytest.fixture
def system(cluster: Cluster, tmp_path: Path) -> Iterator[System]:
    settings = Settings(data_dir=tmp_path / "data", nats_url=cluster.url)
    with open_system(settings) as opened:
        seeds.seed_system(opened)
        operate(opened, "integration add", name="auto", rights=["decide"])
        operate(opened, "integration add", name="directory", rights=["fulfil"])
        bring_in(opened)
        yield opened


async def send(client: Client, request_id: RequestId) -> None:
    subject = f"doorward.main.cmd.decide.auto.crm.{request_id}"
    await client.jetstream().publish(subject, json.dumps(decision(request_id)).encode())


async def outcomes_of(client: Client) -> list[dict[str, object]]:
    mine = await client.jetstream().pull_subscribe_bind("auto", OUTCOMES)
    found = await mine.fetch(10, 5)
    return [dict(json.loads(one.data)["data"]) for one in found]


async def test_a_command_sent_while_a_leader_is_elected_has_its_outcome_once(
    cluster: Cluster, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nats_commands, "ACK_SECONDS", 2.0)
    await with_streams(cluster)
    request_id = await asked(system)
    answer = Answering(system.bus, system.clock, system.new_id)
    reader = NatsCommands(
        answer,
        lambda: connect(cluster.url),
        "main",
        system.nats.standing,
        system.store.open_text,
        bell=LoopBell(),
    )
    async with running(reader.run()):
        await until(lambda: reader.status().connected)
        info = await insist(
            lambda client: client.jetstream().consumer_info(COMMANDS, CONSUMER), cluster.url
        )
        assert info.cluster is not None
        cluster.kill(int(str(info.cluster.leader).removeprefix("n")))
        cluster_left = cluster.url
        await insist(lambda client: send(client, request_id), cluster_left)
        (told, *again) = await insist(outcomes_of, cluster_left)
        assert told["accepted"]
        assert all(one["replayed"] for one in again)
    assert len(events(system, DecisionTaken)) == 1
