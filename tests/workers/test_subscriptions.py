"""Who listens at one process hears what another has committed, and comes again when his is replaced."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from mcp.client.subscriptions import ResourceUpdated

from tests.browser import FormBrowser
from tests.inbox.visitor import Visitor
from tests.mcp.hearing import SECONDS, client_of, ended, next_of, stream, uri_of
from tests.mcp.wire import Wire
from tests.oauth.flow import Flow
from tests.running import RunningServer
from tests.workers.alternating import Alternating
from tests.workers.family import OFF, family, parent_of, running, until, workers
from tests.workers.test_machines import machines  # noqa: F401 - a fixture

pytestmark = pytest.mark.anyio
WISH = {"app_id": "figma", "business_justification": "To draw it"}


@dataclass
class Door:
    """The pages of a server, as they are reached through one client."""

    issuer: str
    http: httpx.AsyncClient

    def browser(self, username: str) -> FormBrowser:
        return FormBrowser(self.issuer, username, http=self.http)


async def approved_by_bob(door: Door, request_id: str) -> None:
    """Say yes on the web."""
    path = f"/requests/{request_id}"
    bob = await Visitor(door, "bob").sign_in(path)  # type: ignore[arg-type]  # as much of it as is used
    await bob.done(path, "approve")


async def test_an_approval_at_another_process_is_heard_here(
    machines: list[RunningServer],  # noqa: F811 - the fixture
) -> None:
    issuer = machines[0].settings["DOORWARD_PUBLIC_URL"]
    here, there, browsing = (Alternating(machines[at].port) for at in (0, 1, 1))
    async with (
        httpx.AsyncClient(transport=here, timeout=30) as mine,
        httpx.AsyncClient(transport=there, timeout=30) as other,
        httpx.AsyncClient(transport=browsing, timeout=30) as page,
    ):
        browser = FormBrowser(issuer, http=mine)
        wire = Wire(mine, issuer, (await Flow(mine, issuer).sign_in(browser))["access_token"])
        request_id = (await wire.ask("submit_access_request", **WISH))["access_requests"][0]["id"]
        asked = {"resourceSubscriptions": [uri_of(request_id)], "resourcesListChanged": True}
        async with stream(wire, asked) as heard:
            assert (await anext(heard))["params"]["notifications"] == asked
            await approved_by_bob(Door(issuer, page), request_id)
            assert (await anext(heard))["params"]["uri"] == uri_of(request_id)
            elsewhere = Wire(other, issuer, wire.token)
            await elsewhere.ask("submit_access_request", **{**WISH, "app_id": "asana"})
            told = [await anext(heard)]
            while told[-1]["method"] != "notifications/resources/list_changed":
                told.append(await anext(heard))
            assert {one["params"].get("uri") for one in told[:-1]} <= {uri_of(request_id)}


async def test_a_token_that_is_revoked_at_another_process_ends_the_stream_here(
    machines: list[RunningServer],  # noqa: F811 - the fixture
) -> None:
    issuer = machines[0].settings["DOORWARD_PUBLIC_URL"]
    here, there = (Alternating(one.port) for one in machines)
    async with (
        httpx.AsyncClient(transport=here, timeout=30) as mine,
        httpx.AsyncClient(transport=there, timeout=30) as other,
    ):
        flow = Flow(mine, issuer)
        tokens = await flow.sign_in(FormBrowser(issuer, http=mine))
        wire = Wire(mine, issuer, tokens["access_token"])
        async with stream(wire, {"resourcesListChanged": True}) as heard:
            await anext(heard)
            revoked = {"token": tokens["access_token"], "client_id": flow.client_id}
            assert (await other.post(f"{issuer}/revoke", data=revoked)).status_code == 200
            (last,) = [one async for one in heard]
        assert "result" in last


async def test_a_client_listens_again_when_its_worker_is_replaced(
    tmp_path: Path, postgres_url: str
) -> None:
    server = family(tmp_path / "data", postgres_url, 2, **OFF)
    async with httpx.AsyncClient(timeout=30) as http, httpx.AsyncClient(timeout=30) as page:
        with running(server):
            async with FormBrowser(server.issuer) as browser:
                tokens = await Flow(http, server.issuer).sign_in(browser)
            wire = Wire(http, server.issuer, tokens["access_token"])
            answer = await wire.ask("submit_access_request", **WISH)
            request_id = answer["access_requests"][0]["id"]
            async with client_of(wire) as client:
                async with client.listen(resource_subscriptions=[uri_of(request_id)]) as heard:
                    before = workers(server)
                    os.kill(parent_of(server), signal.SIGHUP)
                    assert await ended(heard)
                until(lambda: not before & workers(server), "some are not replaced")
                async with client.listen(resource_subscriptions=[uri_of(request_id)]) as heard:
                    await approved_by_bob(Door(server.issuer, page), request_id)
                    assert await next_of(heard) == ResourceUpdated(uri_of(request_id))
                    # Whatever else has become of the request: it ends in good order, or this raises.
                    assert server.stop() == 0
                    async with asyncio.timeout(SECONDS):
                        assert {one async for one in heard} <= {
                            ResourceUpdated(uri_of(request_id))
                        }
