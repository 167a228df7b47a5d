"""Roles and feature flags where many processes answer: no worker remembers what another, or the command line beside
them, has changed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.browser import FormBrowser
from tests.mcp.wire import LEGACY, MODERN, Wire
from tests.oauth.flow import Flow
from tests.running import RunningServer
from tests.workers.family import OFF, family, running

pytestmark = pytest.mark.anyio
CANCEL = "cancel_access_request"
CALLS = 12
"""Each over a connection of its own, so that both workers are asked."""


@pytest.fixture
def server(tmp_path: Path, postgres_url: str) -> Iterator[RunningServer]:
    with running(family(tmp_path / "data", postgres_url, 2, **OFF)) as started:
        yield started


async def run(server: RunningServer, *command: str) -> dict[str, Any]:
    """Run a command beside the workers; return what it says as JSON."""
    done = await asyncio.to_thread(server.run, *command, "--json")
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


async def token_of(server: RunningServer, person: str) -> str:
    async with FormBrowser(server.issuer, person) as browser, httpx.AsyncClient() as http:
        token: str = (await Flow(http, server.issuer).sign_in(browser))["access_token"]
        return token


async def asked(
    server: RunningServer, token: str, method: str, **params: object
) -> dict[str, set[str]]:
    """Return the different answers, without ids, that many connections of each era are given."""
    answers: dict[str, set[str]] = {MODERN: set(), LEGACY: set()}
    for era, heard in answers.items():
        for _ in range(CALLS):
            async with httpx.AsyncClient(timeout=30) as http:
                response = await Wire(http, server.issuer, token, era).request(method, params)
            body = {**response.json(), "id": 0}
            heard.add(f"{response.status_code} {json.dumps(body)}")
    return answers


async def lists(server: RunningServer, token: str) -> tuple[str, ...]:
    """Return the names of the tools: every list of every worker has the same."""
    answers = await asked(server, token, "tools/list")
    found = {
        tuple(tool["name"] for tool in json.loads(one.partition(" ")[2])["result"]["tools"])
        for heard in answers.values()
        for one in heard
    }
    assert len(found) == 1, found
    return found.pop()


async def called(server: RunningServer, token: str, tool: str) -> dict[str, set[str]]:
    """Return the different answers to a call, by era."""
    return await asked(
        server, token, "tools/call", name=tool, arguments={"access_request_id": "x"}
    )


async def test_every_worker_knows_at_once_what_the_command_line_has_changed(
    server: RunningServer,
) -> None:
    token = await token_of(server, "alice")
    plain, unknown = await lists(server, token), await called(server, token, "no_such_tool")
    assert [len(one) for one in unknown.values()] == [1, 1]
    assert await called(server, token, CANCEL) == unknown

    await run(server, "feature", "on", CANCEL)
    assert set(await lists(server, token)) - set(plain) == {CANCEL}
    there = await called(server, token, CANCEL)
    assert all("not_found" in answer for heard in there.values() for answer in heard)
    await run(server, "feature", "off", CANCEL)
    assert await lists(server, token) == plain
    assert await called(server, token, CANCEL) == unknown

    await run(server, "people", "role", "revoke", "alice", "employee")
    assert await lists(server, token) == ()
    assert await called(server, token, "search_apps") == unknown
    await run(server, "people", "role", "grant", "alice", "employee")
    assert await lists(server, token) == plain
