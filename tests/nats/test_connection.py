"""How a connection to NATS ends, whatever state its server is in."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from nats.aio.msg import Msg

from adapters.nats_connection import close, connect
from tests.chaos.processes import NatsProcess

pytestmark = pytest.mark.anyio
PIECE, PIECES = bytes(64 * 1024), 100
"""More than the system keeps for a reader who does not read, and less than the client keeps."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsProcess]:
    running = NatsProcess(tmp_path / "nats")
    running.start()
    yield running
    running.kill()


def readers() -> list[asyncio.Task[object]]:
    """Return the tasks that wait for messages."""
    return [one for one in asyncio.all_tasks() if "_wait_for_msgs" in repr(one.get_coro())]


async def test_to_a_server_that_takes_no_more_bytes_nothing_is_left_waiting(
    server: NatsProcess,
) -> None:
    async def take(_message: Msg) -> None:
        """Take it."""

    client = await connect(server.url)
    await client.subscribe("news", cb=take)
    await client.flush()
    server.send(signal.SIGSTOP)
    for _ in range(PIECES):
        await client.publish("elsewhere", PIECE)
    assert len(readers()) == 1
    await close(client)
    await asyncio.sleep(0)
    assert readers() == []
