"""MCP Inspector's command line with a token, on both servers and in both eras: no tool has a schema that another
program would stumble over, and everything beside the tools is there for it too."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.browser import FormBrowser
from tests.e2e.npm_clients import INSPECTOR, NODE, running
from tests.oauth.flow import Flow
from tests.running import RunningServer

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("npm")]
ERAS = pytest.mark.parametrize("era", ["legacy", "modern"])
USERS, ADMINISTRATORS = ("/mcp/user", "alice"), ("/mcp/admin", "admin")


async def token_of(server: RunningServer, path: str, username: str) -> str:
    """Return an access token of this person."""
    async with FormBrowser(server.issuer, username) as browser:
        tokens = await Flow(browser.http, server.issuer, path=path).sign_in(browser)
    token: str = tokens["access_token"]
    return token


async def inspected(url: str, token: str, era: str, home: Path, *arguments: str) -> dict[str, Any]:
    """Run it once; it must not complain. Return the result."""
    command = (
        *(NODE, INSPECTOR, "--cli", url, "--transport", "http", "--format", "json"),
        *("--header", f"Authorization: Bearer {token}", "--protocol-era", era, *arguments),
    )
    how = {"stderr": asyncio.subprocess.PIPE, "env": {"PATH": "", "HOME": str(home)}}
    async with running(*command, **how) as process:
        told, said = await process.communicate()
    assert process.returncode == 0, said.decode()
    result: dict[str, Any] = json.loads(told)["result"]
    return result


@ERAS
@pytest.mark.parametrize(("path", "username"), [USERS, ADMINISTRATORS])
async def test_no_schema_of_a_tool_is_an_error_to_its_strict_look(
    server: RunningServer, tmp_path: Path, path: str, username: str, era: str
) -> None:
    token = await token_of(server, path, username)
    strictly = ("--method", "tools/list", "--strict")
    listed = await inspected(f"{server.issuer}{path}", token, era, tmp_path, *strictly)
    assert listed["tools"]


@ERAS
async def test_it_finds_prompts_and_resources(
    server: RunningServer, tmp_path: Path, era: str
) -> None:
    token = await token_of(server, *USERS)

    async def ask(*arguments: str) -> dict[str, Any]:
        return await inspected(server.mcp_url, token, era, tmp_path, "--method", *arguments)

    prompts = (await ask("prompts/list"))["prompts"]
    assert "request_access" in [one["name"] for one in prompts]
    got = await ask(
        "prompts/get", "--prompt-name", "request_access", "--prompt-args", "what=github"
    )
    assert "github" in got["messages"][0]["content"]["text"]
    templates = (await ask("resources/templates/list"))["resourceTemplates"]
    assert "doorward://requests/{id}" in [one["uriTemplate"] for one in templates]
    submitted = await ask(
        *("tools/call", "--tool-name", "submit_access_request", "--tool-args-json"),
        json.dumps({"app_id": "github", "business_justification": "To review the release"}),
    )
    request_id = submitted["structuredContent"]["access_requests"][0]["id"]
    read = await ask("resources/read", "--uri", f"doorward://requests/{request_id}")
    assert json.loads(read["contents"][0]["text"])["id"] == request_id
