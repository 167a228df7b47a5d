"""The TypeScript SDK in both its major versions, and MCP Inspector's command line: real programs
that sign in over HTTP while a `FormBrowser` plays the person."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser import FormBrowser
from tests.e2e.npm_clients import Inspector, TypeScriptClient
from tests.e2e.test_python_client import FIVE

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("npm")]


@pytest.mark.parametrize(
    "program",
    [
        ("client-v1.mjs",),
        ("client-v2.mjs", "legacy"),
        ("client-v2.mjs", "auto"),
        ("client-v2.mjs", "2026-07-28"),
    ],
    ids=" ".join,
)
async def test_the_typescript_sdk_signs_in_searches_submits_and_lists(
    browser: FormBrowser, program: tuple[str, ...]
) -> None:
    async with TypeScriptClient.started(browser, *program) as client:
        await client.signed_in()
        told = await client.result()
    assert told["tools"] == FIVE
    assert told["app"] == "github"
    assert told["listed"] == told["submitted"]


async def test_the_inspector_signs_in_lists_searches_submits_and_lists_again(
    browser: FormBrowser, tmp_path: Path
) -> None:
    inspector = Inspector(browser, tmp_path)
    tools = await inspector("--method", "tools/list")
    assert [tool["name"] for tool in tools["tools"]] == FIVE
    apps = await inspector.call("search_apps", {"name_search": "github"})
    assert apps["items"][0]["id"] == "github"
    submitted = await inspector.call(
        "submit_access_request",
        {"app_id": "github", "business_justification": "To review the release"},
    )
    listed = await inspector.call("list_access_requests", {})
    assert listed["items"][0]["id"] == submitted["access_requests"][0]["id"]
    assert len(browser.pages) == 2, "it signs in once"
