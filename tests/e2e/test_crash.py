"""Kill -9 at any moment: what was acknowledged is there, the read models equal a rebuild, and the
stream on NATS equals the log."""

from __future__ import annotations

import asyncio
import random
import re
import signal
from collections.abc import AsyncIterator
from itertools import combinations
from pathlib import Path
from typing import Any

import httpx
import nats
import pytest

from adapters.jetstream import EVENTS
from adapters.key_file import KeyFile
from adapters.open_store import MEMORY, open_store
from adapters.system import utc_now
from domain.ports import EventStore, Rows
from server.wiring import FOLLOWED, INLINE, SCHEMA
from tests.browser import FormBrowser
from tests.mcp.wire import Wire
from tests.oauth.flow import Flow
from tests.running import RunningServer

pytestmark = pytest.mark.anyio
TABLES = [table for one in (*INLINE, *FOLLOWED) for table in one.tables]
WORKERS = 12
KILLS = 4


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=30) as client:
        yield client


async def test_kill_nine_under_load_loses_and_doubles_nothing(
    tmp_path: Path, http: httpx.AsyncClient
) -> None:
    chance = random.Random(20261123)
    server = RunningServer(tmp_path / "data").start()
    async with FormBrowser(server.issuer) as browser:
        tokens = await Flow(http, server.issuer).sign_in(browser)
    wire = Wire(http, server.issuer, tokens["access_token"])
    listed = await wire.ask("list_requestable_permissions", app_id="github", size=100)
    wanted = combinations([one["id"] for one in listed["items"]], 1)
    apps = await wire.ask("search_apps", size=100)
    asked = [("github", list(one)) for one in wanted]
    asked += [(app["id"], []) for app in apps["items"]]
    asked *= 3
    acknowledged: set[str] = set()
    for _ in range(KILLS):
        enough = asyncio.Event()
        after = len(acknowledged) + chance.randint(3, 12)
        workers = [
            asyncio.create_task(submit(wire, asked, acknowledged, enough, after))
            for _ in range(WORKERS)
        ]
        await asyncio.wait_for(enough.wait(), 60)
        server.stop(signal.SIGKILL)
        await asyncio.gather(*workers)
        server.start()
    await until_published(http, server)
    streamed = await stream(server.folder)
    assert server.stop() == 0, server.said()
    keys = KeyFile(server.folder / "personal.keys", utc_now)
    store = open_store(f"sqlite:///{server.folder / 'doorward.db'}", keys)
    try:
        assert len(acknowledged) >= 3 * KILLS
        assert acknowledged <= {row[0] for row in rows_of(store)["access_request"]}
        assert rows_of(store) == rebuilt(store)
        assert streamed == [one.envelope.event_id for one in store.events_after(0, 100_000)]
    finally:
        store.close()


async def submit(
    wire: Wire,
    asked: list[tuple[str, list[str]]],
    acknowledged: set[str],
    enough: asyncio.Event,
    after: int,
) -> None:
    """Submit until the server is gone."""
    while asked:
        app, permissions = asked.pop()
        try:
            done = await wire.ask(
                "submit_access_request",
                app_id=app,
                requestable_permission_ids=permissions,
                business_justification="Under load",
            )
        except httpx.TransportError:
            return
        acknowledged.add(done["access_requests"][0]["id"])
        if len(acknowledged) >= after:
            enough.set()
    enough.set()


async def until_published(http: httpx.AsyncClient, server: RunningServer) -> None:
    async with asyncio.timeout(60):
        while True:
            health = (await http.get(f"{server.issuer}/healthz")).json()
            if health["nats"]["state"] == "following" and health["nats"]["lag"] == 0:
                return
            await asyncio.sleep(0.02)


async def stream(folder: Path) -> list[str]:
    """Return the ids of all events as a consumer of the stream gets them."""
    config = (folder / "nats" / "server.conf").read_text()
    port = re.search(r"listen: 127.0.0.1:(\d+)", config)
    assert port is not None
    secret = (folder / "nats" / "secret").read_text().strip()
    client = await nats.connect(f"nats://doorward:{secret}@127.0.0.1:{port.group(1)}")
    try:
        jetstream = client.jetstream()
        count = (await jetstream.stream_info(EVENTS)).state.messages
        subscription = await jetstream.subscribe("doorward.main.evt.>", ordered_consumer=True)
        messages = [await subscription.next_msg(10) for _ in range(count)]
    finally:
        await client.close()
    return [(message.headers or {})["Nats-Msg-Id"] for message in messages]


def rows_of(store: EventStore) -> dict[str, list[Any]]:
    with store.read() as rows:
        return all_rows(rows)


def all_rows(rows: Rows) -> dict[str, list[Any]]:
    return {name: sorted(rows.select(f"SELECT * FROM {name}"), key=repr) for name in TABLES}


def rebuilt(store: EventStore) -> dict[str, list[Any]]:
    """Return what the read models hold when they are made anew elsewhere."""
    fresh = open_store(MEMORY)
    fresh.create(SCHEMA)
    with fresh.write() as transaction:
        for recorded in store.events_after(0, 100_000):
            for projection in (*INLINE, *FOLLOWED):
                projection.apply(transaction.rows, recorded)
    found = rows_of(fresh)
    fresh.close()
    return found
