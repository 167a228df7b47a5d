"""The embedded nats-server with more than one process: the parent keeps it, all use it, and whoever adds an
integration lets it in, be it a command line that opens the database itself."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import nats.errors
import pytest
from nats.aio.client import Client
from nats.js.errors import NotFoundError

from adapters.jetstream import EVENTS
from domain.integration import IntegrationKey
from tests.browser import FormBrowser
from tests.mcp.wire import Wire
from tests.nats.integrations import signed_in
from tests.oauth.flow import Flow
from tests.running import RunningServer
from tests.workers.family import children, family, parent_of, running, until, workers

pytestmark = pytest.mark.anyio


def key(told: dict[str, Any]) -> IntegrationKey:
    """Return an integration's key as the command line has told it."""
    return IntegrationKey(told["nats_seed"], told["nats_public_key"])


@pytest.fixture
def server(tmp_path: Path, postgres_url: str) -> Iterator[RunningServer]:
    with running(family(tmp_path / "data", postgres_url, 2)) as started:
        yield started


def run(server: RunningServer, *arguments: str) -> dict[str, Any]:
    """Run a command that must succeed; return what it printed."""
    done = server.run(*arguments, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


async def next_event(client: Client, name: str) -> dict[str, Any]:
    """Return the next event of an integration's own consumer, once it has one."""
    while True:
        try:
            mine = await client.jetstream().pull_subscribe_bind(name, EVENTS)
            (message,) = await mine.fetch(1, 5)
        except (NotFoundError, nats.errors.Error, TimeoutError):
            continue
        await message.ack_sync()
        event: dict[str, Any] = json.loads(message.data)
        return event


async def submit(server: RunningServer) -> str:
    """Let alice ask for something."""
    async with httpx.AsyncClient(timeout=30) as http, FormBrowser(server.issuer) as browser:
        tokens = await Flow(http, server.issuer).sign_in(browser)
        wire = Wire(http, server.issuer, tokens["access_token"])
        done = await wire.ask(
            "submit_access_request", app_id="figma", business_justification="To draw"
        )
    request: str = done["access_requests"][0]["id"]
    return request


async def test_an_integration_that_the_command_line_adds_gets_in_and_hears_events(
    server: RunningServer,
) -> None:
    told = run(server, "integration", "add", "tickets", "--may", "subscribe", "--apps", "figma")
    request = await submit(server)
    async with signed_in(told["nats_url"], key(told)) as client:
        while (await next_event(client, "tickets"))["subject"] != request:
            """What came before it."""
    run(server, "integration", "remove", "tickets")
    with pytest.raises(nats.errors.Error):
        async with signed_in(told["nats_url"], key(told)):
            pass


async def test_it_is_the_same_server_after_every_worker_was_replaced_and_a_new_one_when_it_died(
    server: RunningServer,
) -> None:
    told = run(server, "integration", "add", "tickets", "--may", "subscribe")
    (nats_server,) = children(parent_of(server), "nats-server")
    before = workers(server)
    os.kill(parent_of(server), signal.SIGHUP)
    until(lambda: not before & workers(server) and len(workers(server)) == 2, "no successors")
    assert children(parent_of(server), "nats-server") == {nats_server}
    os.kill(nats_server, signal.SIGKILL)
    until(lambda: bool(children(parent_of(server), "nats-server") - {nats_server}), "no new one")
    request = await submit(server)
    async with signed_in(told["nats_url"], key(told)) as client:
        while (await next_event(client, "tickets"))["subject"] != request:
            """What came before it."""
    found = run(server, "nats", "status")
    assert found["consumers"], found
    assert server.stop() == 0


async def test_the_doctor_tries_its_attacks_on_the_server_that_another_process_keeps(
    server: RunningServer,
) -> None:
    done = server.run("doctor", "nats", "--json")
    attacks = json.loads(done.stdout)["attacks"]
    assert len(attacks) == 11
    assert all(one["inert"] for one in attacks), attacks


async def test_who_does_not_publish_says_that_another_does_and_names_no_fault(
    server: RunningServer,
) -> None:
    seen: dict[str, str] = {}

    def others_answer() -> bool:
        told = httpx.get(f"{server.issuer}/healthz").json()["nats"]
        if told["state"] == "elsewhere":
            seen["publishing"] = told["reason"]
        if not told["commands"]["connected"]:
            seen["commands"] = told["commands"]["reason"]
        return seen == {"publishing": "", "commands": "by another process"}

    until(others_answer, "every worker publishes or reads")
    told = server.run("nats", "status").stdout.splitlines()
    assert told[0].startswith("publishing: by another process, if one serves, ")
    assert told[1] == "commands: by another process, if one serves"
