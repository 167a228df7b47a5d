"""NATS is killed: the embedded server, the leader of a cluster, and a whole cluster. Requests go on without it, and
afterwards the stream equals the log."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from nats.aio.client import Client

from adapters.jetstream import COMMANDS, EVENTS
from adapters.nats_commands import CONSUMER
from tests.faults.own_postgres import OwnPostgres
from tests.faults.scene import comes_true, scene, serving
from tests.nats.cluster import SIZE, Cluster, leader_of, running_cluster
from tests.nats.test_cluster import formed, insist
from tests.workers.family import children, parent_of

pytestmark = pytest.mark.anyio


async def test_the_embedded_server_is_killed_again_and_again_and_nothing_is_missed(
    tmp_path: Path, postgres: OwnPostgres
) -> None:
    with scene(serving(tmp_path / "data", postgres.url, 2)) as one:
        async with one.at_work():
            for _ in range(3):
                (running,) = children(parent_of(one.server), "nats-server")
                os.kill(running, signal.SIGKILL)
                await one.moves()
                await comes_true(
                    lambda gone=running: bool(  # type: ignore[misc]
                        children(parent_of(one.server), "nats-server") - {gone}
                    ),
                    "no other is started",
                )
                await one.moves()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with running_cluster(tmp_path / "cluster") as running:
        yield running


async def command_leader(client: Client) -> int:
    """Return the place of the server that leads the consumer of commands."""
    info = await client.jetstream().consumer_info(COMMANDS, CONSUMER)
    if info.cluster is None or not info.cluster.leader:
        raise TimeoutError("it has none just now")
    return int(str(info.cluster.leader).removeprefix("n"))


async def test_the_leader_of_a_cluster_is_killed_and_then_all_of_it_and_nobody_has_to_help(
    tmp_path: Path, cluster: Cluster
) -> None:
    await formed(cluster)
    server = serving(tmp_path / "data", "", DOORWARD_NATS_URL=cluster.url)
    with scene(server, nats_url=cluster.url) as one:
        async with one.at_work():
            for lead in (lambda client: leader_of(client, EVENTS), command_leader):
                leader = await insist(lead, cluster.url)
                cluster.kill(leader)
                await one.moves()
                cluster.start(leader)
                await asyncio.to_thread(cluster.await_greeting, leader)
            for place in range(SIZE):
                cluster.kill(place)
            await one.moves()
            for place in range(SIZE):
                cluster.start(place)
            await one.moves()
