"""The end of a server: nobody's request is lost by it."""

from __future__ import annotations

import asyncio
import signal
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from tests.http_server.conftest import GET, SECONDS, Client, serving
from tests.http_server.test_bounds import QUICKLY
from tests.running import RunningServer

pytestmark = pytest.mark.anyio


async def test_what_is_at_work_is_answered_and_says_that_it_was_the_last() -> None:
    async with serving(QUICKLY) as served:
        client = await served.client()
        await client.send(GET % b"held")
        await served.until(lambda: len(served.seen.scopes) == 1)
        served.web.stop()
        await served.until(lambda: served.web.connections.draining)
        served.seen.released.set()
        status, headers, _ = await client.answer()
        assert (status, headers["connection"]) == (200, "close")
        assert await client.rest() == b""
        await asyncio.wait_for(served.running, SECONDS)


async def test_a_kept_connection_is_answered_once_more() -> None:
    async with serving(replace(QUICKLY, quiet_seconds=5)) as served:
        client = await served.client()
        await client.get()
        served.web.stop()
        await served.until(lambda: served.web.connections.draining)
        status, headers, _ = await client.get()
        assert (status, headers["connection"]) == (200, "close")
        await asyncio.wait_for(served.running, SECONDS)


async def test_a_quiet_connection_ends_and_is_not_waited_for() -> None:
    async with serving(replace(QUICKLY, idle_seconds=600)) as served:
        client = await served.client()
        await client.get()
        served.web.stop()
        assert await client.rest() == b""
        await asyncio.wait_for(served.running, SECONDS)


async def test_a_gentle_end_waits_for_kept_connections_until_it_has_to_be_quick() -> None:
    async with serving(replace(QUICKLY, idle_seconds=600)) as served:
        first, second = await served.client(), await served.client()
        await first.get()
        await second.get()
        served.web.stop(gently=True)
        await served.until(lambda: served.web.connections.draining)
        _, headers, _ = await first.get()
        assert headers["connection"] == "close"
        assert len(served.web.connections.open) == 1
        assert not served.running.done()
        served.web.stop()
        assert await second.rest() == b""
        await asyncio.wait_for(served.running, SECONDS)


async def test_connections_that_nobody_had_taken_yet_are_answered() -> None:
    """They wait in the kernel's queue, and would be reset with it."""
    async with serving(replace(QUICKLY, quiet_seconds=SECONDS)) as served:
        served.web.stop()
        # The event loop does not run in between: only the kernel knows of them.
        queued = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(5)]
        for one in queued:
            client = Client(*await asyncio.open_connection(sock=one))
            served.clients.append(client)
            status, headers, _ = await client.get()
            assert (status, headers["connection"]) == (200, "close")
        await asyncio.wait_for(served.running, SECONDS)


async def test_what_does_not_end_is_cut_off() -> None:
    async with serving(replace(QUICKLY, drain_seconds=0.1)) as served:
        client = await served.client()
        await client.send(GET % b"held")
        await served.until(lambda: len(served.seen.scopes) == 1)
        served.web.stop()
        assert await client.rest() in (b"", b"reset")
        await asyncio.wait_for(served.running, SECONDS)


async def test_streams_are_told_that_the_server_ends() -> None:
    told: list[bool] = []
    async with serving(QUICKLY, draining=lambda: told.append(True)) as served:
        served.web.stop()
        await asyncio.wait_for(served.running, SECONDS)
        assert told == [True]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGUSR2])
async def test_clients_in_the_middle_of_their_work_lose_no_request(
    tmp_path: Path, how: signal.Signals
) -> None:
    """A real process: each client asks again and again on one connection, until an answer says that it
    was the last."""
    server = RunningServer(tmp_path / "data", {"DOORWARD_NATS_URL": "off"}).start()
    answered = [0] * 8

    async def ask(number: int) -> None:
        client = Client(*await asyncio.open_connection("127.0.0.1", server.port))
        while True:
            status, headers, _ = await client.get("healthz")
            assert status in (200, 503), "draining, it may say that it is not ready"
            answered[number] += 1
            if headers.get("connection") == "close":
                assert await client.rest() == b""
                client.hang_up()
                return

    asking = [asyncio.create_task(ask(number)) for number in range(len(answered))]
    async with asyncio.timeout(30):
        while min(answered) < 20:
            await asyncio.sleep(0.01)
        assert server.process is not None
        server.process.send_signal(how)
        await asyncio.gather(*asking)
    assert await asyncio.to_thread(server.stop, signal.SIGTERM) == 0, "once more does no harm"
