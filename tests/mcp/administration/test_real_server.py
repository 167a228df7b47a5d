"""An administrator's client before a server that runs, with the NATS that it brings."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import nats.errors
import pytest

from tests.browser import FormBrowser
from tests.mcp.administration.desk import scopes
from tests.mcp.wire import Wire
from tests.nats.integrations import new_nats_key, signed_in
from tests.oauth.flow import Flow
from tests.running import PASSWORD, RunningServer

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    server = RunningServer(tmp_path_factory.mktemp("server") / "data").start()
    yield server
    server.stop()


async def test_an_integration_is_let_in_by_its_public_key_and_out_again(
    running: RunningServer,
) -> None:
    key = new_nats_key()
    async with httpx.AsyncClient(timeout=60) as http:
        flow = Flow(http, running.issuer, path="/mcp/admin")
        browser = FormBrowser(running.issuer, "admin", PASSWORD, http=http)
        tokens = await flow.sign_in(browser, scope=scopes("integrations"))
        path = "/mcp/admin?toolsets=integrations"
        wire = Wire(http, running.issuer, tokens["access_token"], path=path)
        given = {"name": "desk", "rights": ["decide", "subscribe"], "confirm": "desk"}
        await wire.ask("add_integration", **given, nats_public_key=key.public)
        url = (await wire.ask("get_integration", name="desk"))["integration"]["nats_url"]
        async with signed_in(url, key) as client:
            assert client.is_connected
        listed = await wire.ask("list_integrations")
        assert "nats" not in listed
        assert "desk" in {one["name"] for one in listed["items"]}
        await wire.ask("remove_integration", name="desk", confirm="desk")
        with pytest.raises(nats.errors.Error):
            async with signed_in(url, key):
                pass
