"""The official Python client, unmodified, from nothing to a listed request."""

from __future__ import annotations

import pytest
from mcp.shared.auth import OAuthClientInformationFull
from mcp.types import ElicitRequestFormParams, ElicitRequestParams, ElicitResult
from pydantic import AnyUrl

from tests.browser import FormBrowser
from tests.e2e.clients import CALLBACK, Remembered, python_client

pytestmark = pytest.mark.anyio
FIVE = [
    "search_apps",
    "search_requestable_permissions",
    "list_requestable_permissions",
    "submit_access_request",
    "list_access_requests",
]


@pytest.mark.parametrize("mode", ["auto", "legacy", "2026-07-28"])
async def test_it_signs_in_lists_five_tools_searches_submits_and_lists(
    browser: FormBrowser, mode: str
) -> None:
    async with python_client(browser, mode=mode) as client:
        tools = (await client.list_tools()).tools
        assert [tool.name for tool in tools] == FIVE
        apps = await client.call_tool("search_apps", {"name_search": "github"})
        assert apps.structured_content is not None
        app = apps.structured_content["items"][0]
        assert app["id"] == "github"
        permissions = await client.call_tool("list_requestable_permissions", {"app_id": "github"})
        assert permissions.structured_content is not None
        wanted = permissions.structured_content["items"][0]["id"]
        submitted = await client.call_tool(
            "submit_access_request",
            {
                "app_id": "github",
                "requestable_permission_ids": [wanted],
                "business_justification": "To review the release",
            },
        )
        assert submitted.structured_content is not None
        request_id = submitted.structured_content["access_requests"][0]["id"]
        listed = await client.call_tool("list_access_requests", {})
        assert listed.structured_content is not None
        assert listed.structured_content["items"][0]["id"] == request_id
        assert listed.structured_content["items"][0]["status"] == "PENDING_MANAGER_APPROVAL"


async def test_it_asks_the_person_for_what_is_missing(browser: FormBrowser) -> None:
    asked: list[str] = []

    async def fill_in(context: object, params: ElicitRequestParams) -> ElicitResult:
        assert isinstance(params, ElicitRequestFormParams)
        asked.extend(params.requested_schema["required"])
        return ElicitResult(action="accept", content={"business_justification": "To plan"})

    async with python_client(browser, mode="2026-07-28", fill_in=fill_in) as client:
        submitted = await client.call_tool("submit_access_request", {"app_id": "figma"})
    assert asked == ["business_justification"]
    assert submitted.structured_content is not None
    assert submitted.structured_content["outcome"] == "submitted"


async def test_a_client_with_a_pinned_metadata_document_needs_no_registration(
    browser: FormBrowser,
) -> None:
    kept = Remembered()
    kept.client = OAuthClientInformationFull(
        client_id="https://claude.ai/oauth/claude-code-client-metadata",
        redirect_uris=[AnyUrl(CALLBACK)],
        token_endpoint_auth_method="none",
    )
    async with python_client(browser, remembered=kept) as client:
        assert len((await client.list_tools()).tools) == 5
    assert "Claude Code" in browser.pages[-1]


async def test_it_refreshes_and_goes_on_without_asking_again(browser: FormBrowser) -> None:
    kept = Remembered()
    async with python_client(browser, remembered=kept) as client:
        await client.list_tools()
    assert kept.tokens is not None
    refresh, pages = kept.tokens.refresh_token, len(browser.pages)
    kept.tokens = kept.tokens.model_copy(update={"access_token": "dwa_spent"})
    async with python_client(browser, remembered=kept) as client:
        await client.list_tools()
    assert len(browser.pages) == pages
    assert kept.tokens.refresh_token != refresh
