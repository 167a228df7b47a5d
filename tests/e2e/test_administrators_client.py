"""The official Python client, unmodified, as an administrator's: sign-in to the toolsets that its URL names, and a
change that the person confirms."""

from __future__ import annotations

from typing import Any

import pytest
from mcp import Client
from mcp.types import ElicitRequestFormParams, ElicitRequestParams, ElicitResult

from tests.browser import FormBrowser
from tests.e2e.clients import python_client
from tests.running import RunningServer

pytestmark = pytest.mark.anyio
PATH = "/mcp/admin?toolsets=core,people"


async def told(client: Client, tool: str, **arguments: object) -> dict[str, Any]:
    """Call a tool that must not refuse; the client checks the answer against the schema that was listed."""
    answer = await client.call_tool(tool, arguments)
    assert not answer.is_error, answer
    fields: dict[str, Any] | None = answer.structured_content
    assert fields is not None
    return fields


@pytest.mark.parametrize("mode", ["auto", "legacy", "2026-07-28"])
async def test_it_signs_in_to_the_toolsets_of_its_url_and_reads(
    server: RunningServer, mode: str
) -> None:
    async with (
        FormBrowser(server.issuer, "admin") as browser,
        python_client(browser, mode=mode, path=PATH) as client,
    ):
        names = [tool.name for tool in (await client.list_tools()).tools]
        assert {"whoami", "set_feature", "find_people", "disconnect_client"} <= set(names)
        assert "find_requests" not in names
        me = await told(client, "whoami")
        assert me["person"]["username"] == "admin"
        assert me["toolsets"]["people"] == ["read", "write"]
        assert (await told(client, "get_server_status"))["status"] == "ready"
        assert (await told(client, "list_features"))["items"]
        found = await told(client, "find_people", query="carol")
        assert found["total"] == 1
        assert (await told(client, "get_person", person="carol"))["version"]
        assert (await told(client, "list_connected_clients", person="admin"))["total"]
        assert "The server" in browser.pages[-1]


async def test_a_person_confirms_in_the_form_that_his_client_shows(server: RunningServer) -> None:
    shown: list[str] = []

    async def agree(context: object, params: ElicitRequestParams) -> ElicitResult:
        assert isinstance(params, ElicitRequestFormParams)
        shown.append(params.message)
        return ElicitResult(action="accept", content={"yes": True})

    async with (
        FormBrowser(server.issuer, "admin") as browser,
        python_client(browser, fill_in=agree, path=PATH) as client,
    ):
        given = await told(client, "grant_role", person="carol", role="approver")
        assert given["outcome"] == "changed"
        assert "is given the role approver" in shown[0]
        roles = (await told(client, "get_person", person="carol"))["roles"]
        assert "approver" in roles
        await told(client, "revoke_role", person="carol", role="approver")
        assert len(shown) == 2


async def test_a_client_without_forms_is_asked_for_the_name(server: RunningServer) -> None:
    async with (
        FormBrowser(server.issuer, "admin") as browser,
        python_client(browser, mode="legacy", path=PATH) as client,
    ):
        asked: dict[str, Any] = {"person": "carol", "role": "auditor"}
        refused = await client.call_tool("grant_role", asked)
        assert refused.is_error
        assert "confirm set to auditor carol" in refused.content[0].text  # type: ignore[union-attr]
        given = await told(client, "grant_role", **asked, confirm="auditor carol")
        assert given["outcome"] == "changed"
        await told(client, "revoke_role", **asked, confirm="auditor carol")
