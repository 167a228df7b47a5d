"""The parent and its workers, as real processes on a real PostgreSQL: what starts, what is started again,
what ends, and that no call fails while workers are replaced."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
from collections.abc import AsyncIterator
from itertools import cycle
from pathlib import Path

import anyio
import httpx
import pytest

from tests.browser import FormBrowser
from tests.mcp.wire import Wire
from tests.oauth.flow import Flow
from tests.running import RunningServer
from tests.workers.family import (
    OFF,
    alive,
    children,
    family,
    parent_of,
    running,
    until,
    workers,
)

pytestmark = pytest.mark.anyio
CALLERS = 6


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=30) as client:
        yield client


async def token_of(server: RunningServer, http: httpx.AsyncClient) -> str:
    async with FormBrowser(server.issuer) as browser:
        tokens = await Flow(http, server.issuer).sign_in(browser)
    token: str = tokens["access_token"]
    return token


async def test_they_start_and_say_so_once_and_end_together(
    tmp_path: Path, postgres_url: str, http: httpx.AsyncClient
) -> None:
    with running(family(tmp_path / "data", postgres_url, 3, **OFF)) as server:
        assert len(workers(server)) == 3
        assert sum(line.startswith("  Data") for line in server.lines) == 1
        assert "  Password demo-password" in server.lines
        answers = [await http.get(f"{server.issuer}/healthz") for _ in range(6)]
        assert {one.status_code for one in answers} == {200}
        left = workers(server)
        assert server.stop(signal.SIGTERM) == 0
        assert not any(map(alive, left))
        assert "doorward:" not in server.said()


async def test_a_worker_that_dies_is_started_again_and_calls_go_on(
    tmp_path: Path, postgres_url: str, http: httpx.AsyncClient
) -> None:
    with running(family(tmp_path / "data", postgres_url, 3, **OFF)) as server:
        wire = Wire(http, server.issuer, await token_of(server, http))
        before = workers(server)
        killed = min(before)
        os.kill(killed, signal.SIGKILL)
        until(lambda: killed not in workers(server) and len(workers(server)) == 3, "no successor")
        assert before - {killed} < workers(server)
        async with httpx.AsyncClient(timeout=30) as other:
            # A connection to the dead worker is dead; a client makes another.
            wire.http = other
            for _ in range(20):
                assert "items" in await wire.ask("list_access_requests")
        assert f"worker {killed} was killed by signal 9; another is started" in server.said()


async def test_a_parent_that_cannot_start_a_worker_keeps_the_others_and_tries_again(
    tmp_path: Path, postgres_url: str, http: httpx.AsyncClient
) -> None:
    with running(family(tmp_path / "data", postgres_url, 2, **OFF)) as server:
        parent, before = parent_of(server), workers(server)
        killed = min(before)
        limits = resource.prlimit(
            parent, resource.RLIMIT_NOFILE, (0, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        )
        os.kill(killed, signal.SIGKILL)
        until(lambda: "no worker can be started" in server.said() or not alive(parent), "no word")
        assert workers(server) == before - {killed}, server.said()
        assert (await http.get(f"{server.issuer}/healthz")).status_code == 200
        resource.prlimit(parent, resource.RLIMIT_NOFILE, limits)
        until(lambda: len(workers(server)) == 2, "no successor")


async def test_replacing_every_worker_fails_no_call_of_a_client_that_keeps_its_connection(
    tmp_path: Path, postgres_url: str, http: httpx.AsyncClient
) -> None:
    with running(family(tmp_path / "data", postgres_url, 2, **OFF)) as server:
        token = await token_of(server, http)
        before, done = workers(server), anyio.Event()
        counts = [0] * CALLERS
        async with asyncio.timeout(120), anyio.create_task_group() as calling:
            for number, pause in zip(range(CALLERS), cycle((0.0, 0.02, 0.3)), strict=False):
                calling.start_soon(call_on, server.issuer, token, pause, counts, number, done)
            while min(counts) < 3:
                await anyio.sleep(0.05)
            os.kill(parent_of(server), signal.SIGHUP)
            while before & workers(server) or len(workers(server)) != 2:
                await anyio.sleep(0.1)
            reached = list(counts)
            while any(now < then + 3 for now, then in zip(counts, reached, strict=True)):
                await anyio.sleep(0.05)
            done.set()
        assert server.stop() == 0
        assert "killed" not in server.said()


async def call_on(
    issuer: str, token: str, pause: float, counts: list[int], number: int, done: anyio.Event
) -> None:
    """Submit and list by turns, over one connection while it lasts; any failure fails the test."""
    limits = httpx.Limits(max_connections=1)
    async with httpx.AsyncClient(timeout=30, limits=limits) as http:
        wire = Wire(http, issuer, token)
        while not done.is_set():
            answer = await wire.ask("list_access_requests", size=1)
            assert "items" in answer
            apps = await wire.ask("search_apps", name_search="github", size=1)
            assert apps["items"], apps
            counts[number] += 1
            await anyio.sleep(pause)


async def test_a_parent_that_is_killed_leaves_nobody_behind(
    tmp_path: Path, postgres_url: str
) -> None:
    with running(family(tmp_path / "data", postgres_url, 2)) as server:
        left = children(parent_of(server))
        assert len(left) == 3, "two workers and a nats-server"
        server.stop(signal.SIGKILL)
        until(lambda: not any(map(alive, left)), f"of {left} some live on")


async def test_a_parent_that_is_killed_leaves_nobody_behind_who_was_stopped(
    tmp_path: Path, postgres_url: str
) -> None:
    with running(family(tmp_path / "data", postgres_url, 2, **OFF)) as server:
        left = workers(server)
        os.kill(min(left), signal.SIGSTOP)
        os.kill(parent_of(server), signal.SIGKILL)
        try:
            until(lambda: not any(map(alive, left)), "workers outlive their parent")
        finally:
            for one in filter(alive, left):
                os.kill(one, signal.SIGKILL)
        server.stop(signal.SIGKILL)
        server.start()


async def test_one_worker_more_and_one_less_at_a_signal(tmp_path: Path, postgres_url: str) -> None:
    with running(family(tmp_path / "data", postgres_url, 2, **OFF)) as server:
        os.kill(parent_of(server), signal.SIGTTIN)
        until(lambda: len(workers(server)) == 3, "no third")
        os.kill(parent_of(server), signal.SIGTTOU)
        until(lambda: len(workers(server)) == 2, "the third stays")
        assert server.stop() == 0


async def test_sqlite_takes_one_worker_and_the_refusal_says_what_to_do(tmp_path: Path) -> None:
    server = RunningServer(tmp_path / "data", {**OFF, "DOORWARD_WORKERS": "2"})
    refused = server.run("serve")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("doorward: 2 workers need PostgreSQL")
    assert refused.stderr.count("\n") == 1
    assert "DOORWARD_DATABASE_URL" in refused.stderr


@pytest.mark.parametrize("url", ["postgresql://me:hunter2@127.0.0.1:1/x", "postgresql://me@[x"])
async def test_what_keeps_a_worker_from_starting_is_one_line_and_ends_all(
    tmp_path: Path, url: str
) -> None:
    server = family(tmp_path / "data", url, 3, **OFF)
    refused = server.run(*server.arguments)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("doorward: PostgreSQL: ")
    assert refused.stderr.count("\n") == 1
    assert "hunter2" not in refused.stderr


async def test_a_number_of_workers_that_is_none_is_refused(tmp_path: Path) -> None:
    server = RunningServer(tmp_path / "data", OFF)
    refused = server.run("serve", "--workers", "0")
    assert refused.returncode != 0
    assert "a number from 1 to 64" in refused.stderr
    server.settings["DOORWARD_WORKERS"] = "many"
    assert "DOORWARD_WORKERS is malformed" in server.run("serve").stderr
