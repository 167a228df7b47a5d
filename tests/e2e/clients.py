"""Real MCP clients, made to sign in as a person would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.session import ElicitationFnT
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from pydantic import AnyUrl

from tests.browser import FormBrowser

DEADLINE = 60
CALLBACK = "http://127.0.0.1:43210/callback"


class Remembered:
    """What a client keeps between runs."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


@asynccontextmanager
async def python_client(
    browser: FormBrowser,
    *,
    remembered: Remembered | None = None,
    mode: str = "auto",
    client_metadata_url: str | None = None,
    fill_in: ElicitationFnT | None = None,
    path: str = "/mcp/user",
) -> AsyncIterator[Client]:
    """The official Python client with its OAuth provider."""
    landed: list[str] = []

    async def redirect(url: str) -> None:
        landed.append(await browser.visit(url))

    async def callback() -> AuthorizationCodeResult:
        query = dict(parse_qsl(urlsplit(landed[-1]).query))
        assert "code" in query, query
        return AuthorizationCodeResult(
            code=query["code"], state=query.get("state"), iss=query["iss"]
        )

    provider = OAuthClientProvider(
        f"{browser.issuer}{path}",
        OAuthClientMetadata(client_name="Python test client", redirect_uris=[AnyUrl(CALLBACK)]),
        remembered or Remembered(),
        redirect,
        callback,
        client_metadata_url=client_metadata_url,
    )
    async with create_mcp_http_client(auth=provider) as http:
        transport = streamable_http_client(f"{browser.issuer}{path}", http_client=http)
        async with Client(transport, mode=mode, elicitation_callback=fill_in) as client:
            yield client


async def until(
    client: Client, request_id: str, fits: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """Look at a request, as its person does, until it is as awaited."""
    shown: dict[str, Any] = {}
    async with asyncio.timeout(DEADLINE):
        while not (shown and fits(shown)):
            wanted = {"access_request_id": request_id, "expand": ["history"]}
            listed = await client.call_tool("list_access_requests", wanted)
            assert listed.structured_content is not None, listed
            shown = listed.structured_content["items"][0]
    return shown
