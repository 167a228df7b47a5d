"""A client whose refresh token was revoked (RFC 7009) has nothing left: the access token dies with it,
and every client finds back by signing in again, not before."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from tests.browser import FormBrowser
from tests.e2e.clients import Remembered, python_client
from tests.e2e.npm_clients import Inspector, McpRemote, TypeScriptClient

pytestmark = pytest.mark.anyio


async def revoke(issuer: str, client_id: str, token: str) -> None:
    async with httpx.AsyncClient() as http:
        given = {"client_id": client_id, "token": token, "token_type_hint": "refresh_token"}
        answer = await http.post(f"{issuer}/revoke", data=given)
    assert answer.status_code == 200


def kept_in(home: Path) -> tuple[str, str]:
    """Return the one client id and the one refresh token in the files of a client's home."""
    kept = "\n".join(file.read_text() for file in home.rglob("*.json"))
    (client_id,) = set(re.findall(r'"(?:client_id|clientId)\\*":\s*\\*"([^"\\]+)', kept))
    (token,) = set(re.findall(r"dwr_[\w-]+", kept))
    return client_id, token


async def test_the_python_client_signs_in_again(browser: FormBrowser) -> None:
    kept = Remembered()
    async with python_client(browser, remembered=kept) as client:
        await client.list_tools()
        await client.list_tools()
        assert len(browser.opened) == 1
        assert kept.tokens is not None
        assert kept.tokens.refresh_token is not None
        assert kept.client is not None
        assert kept.client.client_id is not None
        await revoke(browser.issuer, kept.client.client_id, kept.tokens.refresh_token)
        assert len((await client.list_tools()).tools) == 5
    assert len(browser.opened) == 2


@pytest.mark.parametrize(
    "program",
    [("client-v1.mjs",), ("client-v2.mjs", "legacy"), ("client-v2.mjs", "2026-07-28")],
    ids=" ".join,
)
async def test_the_typescript_sdk_signs_in_again(
    browser: FormBrowser, program: tuple[str, ...], npm: None
) -> None:
    async with TypeScriptClient.started(browser, *program, "afterRevocation") as client:
        await client.signed_in()
        kept = await client.told()
        await revoke(browser.issuer, kept["client_id"], kept["token"])
        await client.answer("go on")
        await client.signed_in()
        assert await client.result() == {"tools": 5}
    assert len(browser.opened) == 2


async def test_the_inspector_signs_in_again(
    browser: FormBrowser, npm: None, tmp_path: Path
) -> None:
    inspector = Inspector(browser, tmp_path)
    await inspector("--method", "tools/list")
    await inspector("--method", "tools/list")
    assert len(browser.opened) == 1
    await revoke(browser.issuer, *kept_in(tmp_path))
    assert len((await inspector("--method", "tools/list"))["tools"]) == 5
    assert len(browser.opened) == 2


async def test_mcp_remote_signs_in_again(browser: FormBrowser, npm: None, tmp_path: Path) -> None:
    remote = McpRemote(browser.issuer, tmp_path)
    await remote.tools()
    await remote.tools()
    assert len(remote.opened()) == 1
    await revoke(browser.issuer, *kept_in(tmp_path))
    assert len(await remote.tools()) == 5
    assert len(remote.opened()) == 2
