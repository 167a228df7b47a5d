"""A client that may read only asks for more when it must, and goes on (RFC 6750 §3.1; the step-up
of MCP's authorization). Version 1 of the TypeScript SDK cannot once it has a refresh token, so it is
absent."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken
from mcp.shared.exceptions import MCPError
from pydantic import AnyUrl

from server.oauth.resources import USER_READ, USER_WRITE
from tests.browser import FormBrowser
from tests.e2e.clients import CALLBACK, Remembered, python_client
from tests.e2e.npm_clients import TYPESCRIPT_CALLBACK, TypeScriptClient
from tests.oauth.flow import REDIRECT, Flow

pytestmark = pytest.mark.anyio
ERAS = pytest.mark.parametrize("era", ["legacy", "auto", "2026-07-28"])
BOTH = {USER_READ, USER_WRITE}
ASKED = {"app_id": "github", "business_justification": "To review the release"}


def scopes_asked(url: str) -> set[str]:
    return set(parse_qs(urlsplit(url).query)["scope"][0].split())


async def reader(browser: FormBrowser, callback: str) -> tuple[str, OAuthToken]:
    """Return the id of a client that asked to read and no more, and the tokens it got."""
    flow = Flow(browser.http, browser.issuer)
    await flow.register(redirect_uris=[REDIRECT, callback])
    tokens = await flow.sign_in(browser, scope=USER_READ)
    browser.opened.clear()
    return flow.client_id, OAuthToken.model_validate(tokens)


@ERAS
async def test_the_python_client_asks_for_the_scopes_that_the_403_names(
    browser: FormBrowser, era: str
) -> None:
    kept = Remembered()
    client_id, kept.tokens = await reader(browser, CALLBACK)
    kept.client = OAuthClientInformationFull(
        client_id=client_id,
        redirect_uris=[AnyUrl(CALLBACK)],
        token_endpoint_auth_method="none",
    )
    async with python_client(browser, remembered=kept, mode=era) as client:
        submitted = await client.call_tool("submit_access_request", ASKED)
    assert submitted.structured_content is not None
    assert len(submitted.structured_content["access_requests"]) == 1
    assert [scopes_asked(url) for url in browser.opened] == [BOTH]
    assert set((kept.tokens.scope or "").split()) == BOTH


@ERAS
async def test_the_typescript_sdk_asks_for_the_scopes_that_the_403_names(
    browser: FormBrowser, era: str, npm: None
) -> None:
    client_id, tokens = await reader(browser, TYPESCRIPT_CALLBACK)
    kept = {"information": {"client_id": client_id}, "kept": tokens.model_dump(exclude_none=True)}
    program = ("client-v2.mjs", era, "stepUp", json.dumps(kept))
    async with TypeScriptClient.started(browser, *program) as client:
        await client.signed_in()
        told = await client.result()
    assert told["before"] == USER_READ
    assert set(told["after"].split()) == BOTH
    assert told["submitted"] == 1
    assert [scopes_asked(url) for url in browser.opened] == [BOTH]


async def test_what_a_person_unticked_is_asked_for_once_a_call_needs_it(
    browser: FormBrowser,
) -> None:
    kept = Remembered()
    browser.unticked = {f"allow:{USER_WRITE}"}
    async with python_client(browser, remembered=kept) as client:
        await client.list_tools()
        assert kept.tokens is not None
        assert kept.tokens.scope == USER_READ
        browser.unticked = set()
        submitted = await client.call_tool("submit_access_request", ASKED)
    assert not submitted.is_error
    assert len(browser.opened) == 2


async def test_a_person_who_keeps_to_reading_is_asked_once_more_and_reading_goes_on(
    browser: FormBrowser,
) -> None:
    """No loop between a client that wants more and a person who does not give it."""
    browser.unticked = {f"allow:{USER_WRITE}"}
    async with python_client(browser) as client:
        await client.list_tools()
        with pytest.raises(MCPError):
            await client.call_tool("submit_access_request", ASKED)
        assert len((await client.list_tools()).tools) == 5
    assert len(browser.opened) == 2
