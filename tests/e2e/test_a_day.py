"""One day with real processes: a server with its nats-server, the reference approver, the reference
provisioner, two MCP clients and a browser. Every step is an event on the stream, with the right actor."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from playwright.async_api import Browser, Page, async_playwright

from adapters.nats_connection import close, connect
from tests.browser import FormBrowser
from tests.e2e.browsing import chromium_path
from tests.e2e.clients import DEADLINE, python_client, until
from tests.e2e.examples import Service, added, running
from tests.running import PASSWORD, RunningServer

pytestmark = pytest.mark.anyio
ACCESS = 20
"""Seconds that access lasts on this short day."""
POLICY = {
    "id": "day",
    "access_lengths": ["1 day"],
    "approval": [
        {"name": "manager", "by": ["manager"]},
        {"name": "rules", "by": ["integration:auto"]},
    ],
    "provisioning": {"integration": "directory"},
    "extension": "automatic",
}
CATALOG = {
    "policies": [POLICY],
    "apps": [{"id": "lab", "name": "Lab", "audience": "everyone", "policy": "day"}],
    "permissions": [
        {"id": f"lab:{one}", "app_id": "lab", "label": f"Lab {one}"} for one in ("key", "bench")
    ],
}
RULES = [{"app": "lab", "item": "lab:*", "decision": "approve"}]


@pytest.fixture
def town(tmp_path: Path) -> Iterator[tuple[RunningServer, Path, str]]:
    """Everything that runs; yields the server, the file of accounts and where to listen."""
    catalog, rules = tmp_path / "catalog.json", tmp_path / "rules.json"
    catalog.write_text(json.dumps(CATALOG))
    rules.write_text(json.dumps(RULES))
    server = RunningServer(tmp_path / "data").start()
    try:
        imported = server.run("catalog", "import", str(catalog))
        assert imported.returncode == 0, imported.stderr
        auto = added(server, "auto", "decide,subscribe", tmp_path)
        directory = added(server, "directory", "fulfil,subscribe", tmp_path)
        added(server, "listener", "subscribe", tmp_path)
        approver = Service("approval_service.py", auto, tmp_path, "--rules", str(rules))
        provisioner = Service("provisioning_service.py", directory, tmp_path)
        with running(approver), running(provisioner):
            yield server, tmp_path, str(auto["nats_url"])
    finally:
        code = server.stop()
    assert code == 0, server.said()


async def submit(client: Client, **wish: Any) -> str:
    """Ask for access; return the request's id."""
    asked = {"app_id": "lab", "business_justification": "For today", **wish}
    done = await client.call_tool("submit_access_request", asked)
    assert done.structured_content is not None, done
    request_id: str = done.structured_content["access_requests"][0]["id"]
    return request_id


def status(*wanted: str) -> Callable[[dict[str, Any]], bool]:
    return lambda one: one["status"] in wanted


async def at_the_desk(chromium: Browser, server: RunningServer, username: str) -> Page:
    """Sign somebody in at his inbox."""
    page = await chromium.new_page()
    await page.goto(f"{server.issuer}/inbox")
    await page.fill("input[name=username]", username)
    await page.fill("input[name=password]", PASSWORD)
    await page.click("button")
    await page.get_by_text("Signed in as").wait_for()
    return page


async def stream(folder: Path, url: str) -> list[dict[str, Any]]:
    """Return all events of access requests, as an integration that listens gets them."""
    seed = (folder / "listener.nk").read_text()
    client = await connect(url, nkeys_seed_str=seed)
    told: list[dict[str, Any]] = []
    try:
        mine = await client.jetstream().pull_subscribe_bind("listener", "DOORWARD_EVENTS")
        info = await mine.fetch(1, 10)
        while info:
            for message in info:
                told.append(json.loads(message.data))
                await message.ack()
            if not (info[-1].metadata.num_pending):
                break
            info = await mine.fetch(100, 10)
    finally:
        await close(client)
    return [one for one in told if one["type"].startswith("doorward.access_request.")]


async def test_from_the_first_wish_to_the_last_removal(
    town: tuple[RunningServer, Path, str],
) -> None:
    server, folder, url = town
    accounts = folder / "accounts.json"
    async with (
        FormBrowser(server.issuer) as alices,
        FormBrowser(server.issuer, "carol") as carols,
        python_client(alices) as alice,
        python_client(carols) as carol,
        async_playwright() as playwright,
    ):
        chromium = await playwright.chromium.launch(
            executable_path=chromium_path(), args=["--no-sandbox"]
        )
        bob = await at_the_desk(chromium, server, "bob")
        # Bob's inbox is open and empty; what comes appears there by itself.
        key = await submit(
            alice, requestable_permission_ids=["lab:key"], expiration_in_seconds=ACCESS
        )
        link = bob.get_by_role("link", name="Lab key")
        await link.wait_for(timeout=DEADLINE * 1000)
        await link.click()
        await bob.get_by_role("button", name="Approve").click()
        await bob.wait_for_url("**done=*")
        held = await until(alice, key, status("PROVISIONED"))
        assert json.loads(accounts.read_text())["alice"] == ["lab:key"]

        longer = await submit(alice, extends_request_id=key, expiration_in_seconds=2 * ACCESS)
        extended = await until(alice, key, lambda one: one["expires_at"] > held["expires_at"])
        assert extended["status"] == "PROVISIONED"
        await until(alice, longer, status("COMPLETED"))

        # Meanwhile carol gets a bench, and gives it back before its time.
        bench = await submit(
            carol, requestable_permission_ids=["lab:bench"], expiration_in_seconds=3600
        )
        await until(carol, bench, lambda one: one["waiting_on"][0]["stage"] == "manager")
        await bob.goto(f"{server.issuer}/requests/{bench}")
        await bob.get_by_role("button", name="Approve").click()
        await until(carol, bench, status("PROVISIONED"))
        desk = await at_the_desk(chromium, server, "carol")
        await desk.goto(f"{server.issuer}/requests/{bench}")
        await desk.get_by_text("End the access").click()
        await desk.get_by_role("button", name="End it now").click()
        await until(carol, bench, status("REVERTED"))

        await until(alice, key, status("TIME_BASED_EXPIRED"))
        assert json.loads(accounts.read_text()) == {"alice": [], "carol": []}
        await chromium.close()
    events = await stream(folder, url)
    assert [summary(one) for one in events if one["subject"] == key] == [
        ("submitted", "mcp", "alice", None),
        ("routed", "mcp", "alice", None),
        ("stage_started", "mcp", "alice", None),
        ("decision_taken", "web", "bob", None),
        ("stage_approved", "web", "bob", None),
        ("stage_started", "web", "bob", None),
        ("decision_taken", "nats", None, "auto"),
        ("stage_approved", "nats", None, "auto"),
        ("approved", "nats", None, "auto"),
        ("provisioning_started", "nats", None, "auto"),
        ("provisioned", "nats", None, "directory"),
        ("extended", "mcp", "alice", None),
        ("deprovisioning_started", "timer", None, None),
        ("deprovisioned", "nats", None, "directory"),
        ("closed", "nats", None, "directory"),
    ]
    ended = [summary(one) for one in events if one["subject"] == bench]
    assert ("revoked", "web", "carol", None) in ended
    assert ended[-1] == ("closed", "nats", None, "directory")
    (submitted,) = [one for one in events if one["subject"] == key and "submitted" in one["type"]]
    assert submitted["data"]["actor"]["client"]["name"] == "Python test client"
    assert submitted["data"]["actor"]["authorization"]
    versions = [one["aggversion"] for one in events if one["subject"] == key]
    assert versions == list(range(1, len(versions) + 1))


def summary(event: dict[str, Any]) -> tuple[str, str, str | None, str | None]:
    """Return what happened and who did it, through what."""
    actor = event["data"]["actor"]
    name = event["type"].removeprefix("doorward.access_request.").removesuffix(".v1")
    return name, actor["via"], actor["subject"], actor.get("service")
