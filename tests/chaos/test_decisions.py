"""No decision that was acknowledged is lost, and one sent ten times counts once, while the engine and its
nats-server are killed."""

from __future__ import annotations

import asyncio
import json
import random
import signal
from pathlib import Path
from typing import Any

import httpx
import nats.errors
import nats.js.errors
import pytest
from nats.aio.client import Client

from adapters.nats_connection import close, connect
from adapters.open_store import open_store
from domain.access_request import DecisionTaken
from tests.browser import FormBrowser
from tests.e2e.examples import added
from tests.mcp.wire import Wire
from tests.oauth.flow import Flow
from tests.running import RunningServer

pytestmark = pytest.mark.anyio
SEED = 20261126
REQUESTS, TIMES, KILLS = 20, 10, 4
DEADLINE = 90
FAULTS = (nats.errors.Error, nats.js.errors.Error, OSError, TimeoutError)
POLICY = {"id": "auto", "approval": [{"name": "auto", "by": ["integration:auto"]}]}
CATALOG = {
    "policies": [POLICY],
    "apps": [{"id": "lab", "name": "Lab", "audience": "everyone", "policy": "auto"}],
    "permissions": [
        {"id": f"lab:{number}", "app_id": "lab", "label": f"Bench {number}"}
        for number in range(REQUESTS)
    ],
}


async def submit_all(server: RunningServer) -> list[str]:
    """Let alice ask for every bench; return the requests."""
    async with httpx.AsyncClient(timeout=30) as http, FormBrowser(server.issuer) as browser:
        tokens = await Flow(http, server.issuer).sign_in(browser)
        wire = Wire(http, server.issuer, tokens["access_token"])
        answers = [
            await wire.ask(
                "submit_access_request",
                app_id="lab",
                requestable_permission_ids=[f"lab:{number}"],
                business_justification="To work there",
            )
            for number in range(REQUESTS)
        ]
    return [str(one["access_requests"][0]["id"]) for one in answers]


async def insist(told: dict[str, Any], requests: list[str]) -> None:
    """Send each decision until the stream has acknowledged it ten times."""
    left = dict.fromkeys(requests, TIMES)
    while left:
        client: Client | None = None
        try:
            client = await connect(told["nats_url"], nkeys_seed_str=told["nats_seed"])
            await _send(client, left)
        except FAULTS:
            await asyncio.sleep(0.1)
        finally:
            if client is not None:
                await close(client)


async def _send(client: Client, left: dict[str, int]) -> None:
    jetstream = client.jetstream()
    for request_id in list(left):
        body = {"decision_id": f"d-{request_id}", "request_id": request_id, "decision": "approve"}
        subject = f"doorward.main.cmd.decide.auto.lab.{request_id}"
        await jetstream.publish(subject, json.dumps(body).encode(), timeout=2)
        left[request_id] -= 1
        if not left[request_id]:
            del left[request_id]


async def outcomes(told: dict[str, Any], wanted: int) -> dict[str, bool]:
    """Return what the integration is told of its decisions, once there are so many."""
    found: dict[str, bool] = {}
    async with asyncio.timeout(DEADLINE):
        while len(found) < wanted:
            client: Client | None = None
            try:
                client = await connect(told["nats_url"], nkeys_seed_str=told["nats_seed"])
                mine = await client.jetstream().pull_subscribe_bind("auto", "DOORWARD_OUTCOMES")
                for message in await mine.fetch(50, 2):
                    outcome = json.loads(message.data)["data"]
                    found[outcome["request_id"]] = outcome["accepted"]
                    await message.ack_sync()
            except FAULTS:
                await asyncio.sleep(0.1)
            finally:
                if client is not None:
                    await close(client)
    return found


async def test_decisions_survive_the_death_of_the_engine(tmp_path: Path) -> None:
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    catalog = tmp_path / "catalog.json"
    catalog.write_text(json.dumps(CATALOG))
    server = RunningServer(tmp_path / "data").start()
    imported = server.run("catalog", "import", str(catalog))
    assert imported.returncode == 0, imported.stderr
    told = added(server, "auto", "decide", tmp_path)
    requests = await submit_all(server)
    sending = asyncio.create_task(insist(told, requests))
    for _ in range(KILLS):
        await asyncio.sleep(chance.uniform(0.2, 1.0))
        server.stop(signal.SIGKILL)
        server.start()
    await asyncio.wait_for(sending, DEADLINE)
    assert await outcomes(told, REQUESTS) == dict.fromkeys(requests, True)
    assert server.stop() == 0
    store = open_store(f"sqlite:///{server.folder / 'doorward.db'}")
    log = [one.envelope.event for one in store.events_after(0, 100_000)]
    store.close()
    taken = [one.request_id for one in log if isinstance(one, DecisionTaken)]
    assert sorted(taken) == sorted(requests)
