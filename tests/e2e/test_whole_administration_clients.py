"""The administrator's server by real clients: a sign-in that asks to read, every tool that looks without being
told at what, and one that changes something, for which the client asks for more."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from mcp.types import Tool

from tests.browser import FormBrowser
from tests.e2e.clients import python_client
from tests.e2e.test_step_up import scopes_asked
from tests.running import RunningServer

pytestmark = pytest.mark.anyio
PATH = "/mcp/admin"
WRITING = "doorward:admin:core:write"


@pytest.fixture
async def administrator(server: RunningServer) -> AsyncIterator[FormBrowser]:
    async with FormBrowser(server.issuer, "admin") as opened:
        yield opened


def looks(tool: Tool) -> bool:
    """Say whether a tool only looks, and needs no argument for it."""
    reads = tool.annotations is not None and tool.annotations.read_only_hint
    return bool(reads) and not tool.input_schema.get("required")


@pytest.mark.parametrize("mode", ["legacy", "auto", "2026-07-28"])
async def test_the_python_sdk_looks_at_everything_and_asks_for_more_to_change_something(
    administrator: FormBrowser, mode: str
) -> None:
    async with python_client(administrator, mode=mode, path=PATH) as client:
        looking = [one.name for one in (await client.list_tools()).tools if looks(one)]
        assert {"whoami", "list_policies", "find_people", "find_requests"} <= set(looking)
        for name in looking:
            answered = await client.call_tool(name, {})
            assert not answered.is_error, (name, answered.content)
        wanted = {"feature": "get_access_request", "on": True, "dry_run": True}
        previewed = await client.call_tool("set_feature", wanted)
        assert not previewed.is_error, previewed.content
    first, second = map(scopes_asked, administrator.opened)
    assert all(one.endswith(":read") for one in first)
    assert WRITING in second
