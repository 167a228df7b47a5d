"""Whichever worker is asked for its metrics answers for all, also for those that have ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import anyio
import httpx
import pytest

from server.workers.metrics_folder import PREFIX, metrics_folder
from tests.browser import FormBrowser
from tests.mcp.hearing import stream
from tests.mcp.wire import Wire
from tests.oauth.flow import Flow
from tests.workers.family import OFF, family, parent_of, running, until, workers

pytestmark = pytest.mark.anyio
CALLS = 12
STREAMS = 6
LISTS = {"toolsListChanged": True}


async def value(url: str, name: str, *labels: str) -> list[float]:
    """Return the values of a metric, as some worker shows them."""
    async with httpx.AsyncClient(timeout=30) as http:
        lines = (await http.get(f"{url}/metrics")).text.splitlines()
    of_name = [one for one in lines if one.startswith((f"{name}{{", f"{name} "))]
    found = [one for one in of_name if all(label in one for label in labels)]
    return [float(one.rpartition(" ")[2]) for one in found]


async def test_they_count_together_and_forget_no_call_of_a_worker_that_was_replaced(
    tmp_path: Path, postgres_url: str
) -> None:
    with running(family(tmp_path / "data", postgres_url, 2, **OFF)) as server:
        async with httpx.AsyncClient(timeout=30) as http, FormBrowser(server.issuer) as browser:
            tokens = await Flow(http, server.issuer).sign_in(browser)
        for _ in range(CALLS):
            # Each over a connection of its own, which any worker may take.
            async with httpx.AsyncClient(timeout=30) as http:
                await Wire(http, server.issuer, tokens["access_token"]).ask("search_apps", size=1)
        counted = ("doorward_mcp_calls_total", 'tool="search_apps"')
        with anyio.fail_after(30):
            while sum(await value(server.issuer, *counted)) < CALLS:
                await anyio.sleep(0.1)
        before = workers(server)
        os.kill(parent_of(server), signal.SIGHUP)
        until(lambda: not before & workers(server) and len(workers(server)) == 2, "not replaced")
        for _ in range(4):
            assert sum(await value(server.issuer, *counted)) == CALLS
        with anyio.fail_after(30):
            # Of memory, only those who live tell.
            while len(await value(server.issuer, "doorward_process_resident_memory_bytes")) != 2:
                await anyio.sleep(0.1)


async def test_streams_of_all_workers_are_added_up_and_end_with_them(
    tmp_path: Path, postgres_url: str
) -> None:
    with running(family(tmp_path / "data", postgres_url, 2, **OFF)) as server:
        async with httpx.AsyncClient(timeout=30) as http, FormBrowser(server.issuer) as browser:
            tokens = await Flow(http, server.issuer).sign_in(browser)
        counted = ("doorward_subscriptions", 'resource="/mcp/user"')
        async with AsyncExitStack() as opened:
            heard = []
            for _ in range(STREAMS):
                http = await opened.enter_async_context(httpx.AsyncClient(timeout=30))
                wire = Wire(http, server.issuer, tokens["access_token"])
                messages = await opened.enter_async_context(stream(wire, LISTS))
                await anext(messages)
                heard.append(messages)
            with anyio.fail_after(30):
                while await value(server.issuer, *counted) != [STREAMS]:
                    await anyio.sleep(0.1)
            before = workers(server)
            os.kill(parent_of(server), signal.SIGHUP)
            for messages in heard:
                assert "result" in [one async for one in messages][-1]
        until(lambda: not before & workers(server) and len(workers(server)) == 2, "not replaced")
        ended = ("doorward_subscriptions_ended_total", 'reason="server_stops"')
        with anyio.fail_after(30):
            while await value(server.issuer, *counted) != [0]:
                await anyio.sleep(0.1)
        assert sum(await value(server.issuer, *ended)) == STREAMS


HOLDING = """
import sys, server.workers.metrics_folder as folders
with folders.metrics_folder() as mine:
    print(mine, flush=True)
    sys.stdin.read()
"""


def test_the_folder_of_a_parent_that_was_killed_goes_with_the_next_start() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        left = Path(parent.stdout.readline().strip())
        (left / "counter_1.db").touch()
        with metrics_folder():
            assert left.exists()
        parent.kill()
    with metrics_folder() as mine:
        assert not left.exists()
        with metrics_folder() as other:
            assert mine.exists()
            assert other.exists()
    assert not mine.exists()


def test_a_folder_that_nobody_is_known_to_have_left_stays() -> None:
    with tempfile.TemporaryDirectory(prefix=PREFIX) as just_made, metrics_folder():
        assert Path(just_made).exists()
