"""One socket, several servers: connections are spread over them, and the queue belongs to all."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from server.http_server.web_server import WebServer
from tests.http_server.conftest import GET, SECONDS, Client, Seen
from tests.http_server.test_bounds import QUICKLY

pytestmark = pytest.mark.anyio
SERVERS, CLIENTS = 4, 16


@asynccontextmanager
async def sharing(bound: socket.socket) -> AsyncIterator[list[WebServer]]:
    """Run servers on one socket, each with a descriptor of its own, as processes have it."""
    webs = [WebServer(Seen(), bounds=QUICKLY, shared=True) for _ in range(SERVERS)]
    async with asyncio.TaskGroup() as running:
        for one in webs:
            running.create_task(one.serve([bound.dup()]))
        yield webs
        for one in webs:
            one.stop()


async def connected(port: int) -> Client:
    return Client(*await asyncio.open_connection("127.0.0.1", port))


async def test_connections_that_come_together_or_one_by_one_are_spread_over_all() -> None:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
        async with asyncio.timeout(SECONDS), sharing(bound) as webs:
            together = await asyncio.gather(*(connected(port) for _ in range(CLIENTS)))
            for client in together:
                await client.get()
            counts = [len(one.connections.open) for one in webs]
            assert sum(counts) == CLIENTS
            assert max(counts) <= CLIENTS // 2, counts
            later = []
            for _ in range(CLIENTS):
                later.append(await connected(port))
                await later[-1].get()
            counts = [len(one.connections.open) for one in webs]
            assert min(counts) >= CLIENTS // 4, counts
            for client in (*together, *later):
                client.hang_up()


async def test_who_waits_in_the_queue_of_a_socket_that_its_server_leaves_is_served() -> None:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
        async with asyncio.timeout(SECONDS), sharing(bound) as webs:
            leaving, *staying = webs
            leaving.stop(gently=True)
            clients = await asyncio.gather(*(connected(port) for _ in range(CLIENTS)))
            for client in clients:
                await client.send(GET % b"")
            answers = [await client.answer() for client in clients]
            assert {status for status, _, _ in answers} == {200}
            assert sum(len(one.connections.open) for one in staying) > 0
            for client in clients:
                client.hang_up()
