"""The SDK is read when something is asked that only it knows, and once."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace

import httpx
import pytest

from server.app import Application
from tests.mcp.wire import LEGACY, MODERN, Wire
from tests.web import Web

pytestmark = pytest.mark.anyio
LOADED = (
    "import sys, server.app\n"
    "print([one for one in ('mcp', 'mcp_types', 'pydantic', 'jsonschema') if one in sys.modules])"
)


@pytest.fixture
def database_url() -> str:
    """One database: what is tested here stands before it."""
    return "sqlite:///:memory:"


def test_a_server_is_ready_without_the_sdk() -> None:
    """It takes half a second and 26 MB; so does what checks schemas, in small."""
    said = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[]"


@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_what_clients_do_every_day_never_needs_it_and_strange_things_share_one(
    web: Web, era: str
) -> None:
    token = (await web.wire()).token
    unlimited = replace(web.system.settings, rate_limits=False)
    served = Application(replace(web.system, settings=unlimited))
    sdk = served._servers[0].sdk
    async with (
        served.run(),
        httpx.AsyncClient(transport=httpx.ASGITransport(served.app)) as http,
    ):
        wire = Wire(http, web.issuer, token, era)
        await wire.tools()
        await wire.ask("submit_access_request", app_id="wiki", business_justification="To write")
        await wire.ask("list_access_requests")
        await wire.ask("search_apps", name_search="wiki")
        await wire.result("prompts/list")
        await wire.result("prompts/get", name="request_access", arguments={"what": "to read"})
        (mine,) = (await wire.result("resources/list"))["resources"]
        await wire.result("resources/templates/list")
        await wire.result("resources/read", uri=mine["uri"])
        for ref in ({"name": "request_access"}, {"uri": "doorward://requests/{id}"}):
            kind = "ref/prompt" if "name" in ref else "ref/resource"
            argument = {"name": "app", "value": "w"}
            await wire.result("completion/complete", ref={"type": kind, **ref}, argument=argument)
        assert (await wire.request("tools/destroy")).json()["error"]["code"] == -32601
        assert not sdk.built
        strange = [wire.request("logging/setLevel", {"level": "info"}) for _ in range(8)]
        codes = {one.json()["error"]["code"] for one in await asyncio.gather(*strange)}
        assert codes == {-32601}
        assert sdk.built
        assert await wire.tools()
