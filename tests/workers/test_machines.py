"""Several servers on one database, as they stand behind a load balancer: nothing that a client begins at one
depends on coming back to it, and what is written through one is read through another."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from server.wiring.keys import KEY_FILES
from server.wiring.nats_seeds import PUBLISHER, READER
from tests.browser import FormBrowser
from tests.mcp.wire import LEGACY, MODERN, Wire
from tests.oauth.flow import Flow
from tests.running import RunningServer, free_port
from tests.workers.alternating import Alternating

pytestmark = pytest.mark.anyio
OPEN_AT_MOST = 100
"""Requests that one person may have open."""


@pytest.fixture
def machines(tmp_path: Path, postgres_url: str) -> Iterator[list[RunningServer]]:
    """Two servers with data folders of their own, one name and the same keys, in a folder of theirs."""
    url = f"http://127.0.0.1:{free_port()}"
    keys = tmp_path / "keys"
    settings = {
        "DOORWARD_DATABASE_URL": postgres_url,
        "DOORWARD_NATS_URL": "off",
        "DOORWARD_PUBLIC_URL": url,
        "DOORWARD_KEYS_DIR": str(keys),
    }
    servers = [RunningServer(tmp_path / name, dict(settings)) for name in ("one", "two")]
    made = servers[0].run("keys", "init", str(keys))
    assert made.returncode == 0, made.stderr
    try:
        for one in servers:
            one.start()
        yield servers
    finally:
        for one in servers:
            if one.process is not None and one.process.poll() is None:
                one.stop()


async def test_a_whole_sign_in_and_every_call_after_it_may_change_machines_all_the_way(
    machines: list[RunningServer],
) -> None:
    issuer = machines[0].settings["DOORWARD_PUBLIC_URL"]
    ports = [one.port for one in machines]
    balancer = Alternating(*ports)
    async with (
        httpx.AsyncClient(transport=balancer, timeout=30) as http,
        FormBrowser(issuer, http=httpx.AsyncClient(transport=Alternating(*ports))) as browser,
    ):
        flow = Flow(http, issuer)
        # Register here, consent there: the client id is signed by keys that both have.
        tokens = await flow.sign_in(browser)
        for _ in range(3):
            answer = await flow.refresh(tokens["refresh_token"])
            assert answer.status_code == 200, answer.text
            tokens = answer.json()
        for era in (MODERN, LEGACY):
            wire = Wire(http, issuer, tokens["access_token"], era)
            for _ in range(4):
                assert (await wire.ask("search_apps", name_search="github"))["items"]
    assert balancer.sent > 10
    for one in machines:
        assert one.stop() == 0, one.said()


async def test_an_idempotency_key_counts_on_every_machine(machines: list[RunningServer]) -> None:
    issuer = machines[0].settings["DOORWARD_PUBLIC_URL"]
    transport = Alternating(*(one.port for one in machines))
    async with httpx.AsyncClient(transport=transport, timeout=30) as http:
        browser = FormBrowser(issuer, http=http)
        tokens = await Flow(http, issuer).sign_in(browser)
        wire = Wire(http, issuer, tokens["access_token"])
        asked = {"app_id": "figma", "business_justification": "x", "idempotency_key": "once"}
        answers = [await wire.ask("submit_access_request", **asked) for _ in range(4)]
    assert len({one["access_requests"][0]["id"] for one in answers}) == 1


async def test_what_is_submitted_at_one_is_listed_at_the_other_at_once(
    machines: list[RunningServer],
) -> None:
    issuer = machines[0].settings["DOORWARD_PUBLIC_URL"]
    here, there = (Alternating(one.port) for one in machines)
    async with (
        httpx.AsyncClient(transport=here, timeout=30) as writing,
        httpx.AsyncClient(transport=there, timeout=30) as reading,
    ):
        seen = 0
        for person in ("alice", "bob"):
            tokens = await Flow(writing, issuer).sign_in(FormBrowser(issuer, person, http=writing))
            callers = [Wire(one, issuer, tokens["access_token"]) for one in (writing, reading)]
            seen += await written_and_read(*callers)
            writing.cookies.clear()
    assert seen >= 150


async def written_and_read(writer: Wire, reader: Wire) -> int:
    """Submit at one and list at the other, by turns; return how often."""
    seen = 0
    for app, permission in (await wishes(writer))[:OPEN_AT_MOST]:
        answer = await writer.ask(
            "submit_access_request",
            app_id=app,
            requestable_permission_ids=[permission],
            business_justification="To compare",
        )
        if answer["outcome"] != "submitted":
            continue
        request = answer["access_requests"][0]["id"]
        listed = await reader.ask("list_access_requests", access_request_id=request)
        assert [one["id"] for one in listed["items"]] == [request]
        writer, reader = reader, writer
        seen += 1
    return seen


async def wishes(wire: Wire) -> list[tuple[str, str]]:
    """Return apps and permissions that may be asked for, some two hundred."""
    apps = [one["id"] for one in (await wire.ask("search_apps", size=100))["items"]]
    found: list[tuple[str, str]] = []
    for app in apps:
        listed = await wire.ask("list_requestable_permissions", app_id=app, size=100)
        found += [(app, one["id"]) for one in listed["items"]]
        if len(found) >= 200:
            break
    return found


async def test_a_machine_with_keys_of_its_own_is_refused_by_the_name_of_the_file(
    tmp_path: Path, postgres_url: str
) -> None:
    settings = {"DOORWARD_DATABASE_URL": postgres_url, "DOORWARD_NATS_URL": "off"}
    first = RunningServer(tmp_path / "one", dict(settings)).start()
    try:
        other = RunningServer(tmp_path / "two", dict(settings))
        for name in ("personal.keys", "signing.keys", "checkpoint.keys"):
            refused = other.run("serve")
            assert (refused.returncode, refused.stdout) == (1, "")
            assert refused.stderr.startswith(f"doorward: {name} lacks the key ")
            assert refused.stderr.count("\n") == 1
            shutil.copy(first.folder / name, other.folder / name)
        done = other.run("rebuild", "--json")
        assert done.returncode == 0, done.stderr
    finally:
        first.stop()


async def test_a_folder_of_keys_is_made_once_and_is_not_made_up_where_it_lacks(
    tmp_path: Path,
) -> None:
    keys = tmp_path / "keys"
    server = RunningServer(tmp_path / "data", {"DOORWARD_NATS_URL": "off"})
    server.settings["DOORWARD_KEYS_DIR"] = str(keys)
    refused = server.run("serve")
    assert refused.returncode == 1
    assert f"doorward keys init {keys}" in refused.stderr
    assert not keys.exists()
    assert server.run("keys", "init", str(keys)).returncode == 0
    assert {one.name for one in keys.iterdir()} == {*KEY_FILES, PUBLISHER, READER}
    again = server.run("keys", "init", str(keys))
    assert again.returncode == 1
    assert "already" in again.stderr
    assert server.run("catalog", "export", "-").returncode == 1
    assert server.run("rebuild").returncode == 0
    assert not (server.folder / "signing.keys").exists()
