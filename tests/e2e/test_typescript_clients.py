"""The TypeScript SDK in both its major versions, and MCP Inspector's command line: real programs
that sign in over HTTP while a `FormBrowser` plays the person."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.browser import FormBrowser
from tests.conftest import missing
from tests.e2e.test_python_client import FIVE
from tests.running import free_port

pytestmark = pytest.mark.anyio
CLIENTS = Path(__file__).parents[1] / "clients"
MODULES = CLIENTS / "node_modules"
NODE = MODULES / ".bin" / "node"
INSPECTOR = MODULES / "@modelcontextprotocol/inspector/clients/cli/build/index.js"


@pytest.fixture(autouse=True)
def _needs_the_clients() -> None:
    if not NODE.exists() or not INSPECTOR.exists():
        missing("the npm clients (make clients, with npm on the path)")


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
    file, *era = program
    process = await asyncio.create_subprocess_exec(
        str(NODE),
        str(CLIENTS / file),
        f"{browser.issuer}/mcp/user",
        *era,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    asked = json.loads(await process.stdout.readline())
    process.stdin.write((await browser.visit(asked["authorize"])).encode() + b"\n")
    await process.stdin.drain()
    told = json.loads(await process.stdout.readline())
    assert await process.wait() == 0
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


class Inspector:
    """Inspector's command line in a terminal of its own, where it offers to sign in."""

    def __init__(self, browser: FormBrowser, home: Path) -> None:
        self.browser = browser
        self.environment = {
            **os.environ,
            "HOME": str(home),
            "MCP_INSPECTOR_SECRET_STORE": "file",
            "BROWSER": "none",
        }
        self.callback = f"http://127.0.0.1:{free_port()}/oauth/callback"

    async def call(self, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Call a tool; return its structured content."""
        given = ("--tool-name", tool, "--tool-args-json", json.dumps(arguments))
        result = await self("--method", "tools/call", *given)
        content: dict[str, Any] = result["structuredContent"]
        return content

    async def __call__(self, *arguments: str) -> dict[str, Any]:
        """Run it once, signing in if it asks; return the result."""
        shown, terminal = pty.openpty()
        process = await asyncio.create_subprocess_exec(
            str(NODE),
            str(INSPECTOR),
            *("--cli", f"{self.browser.issuer}/mcp/user", "--transport", "http"),
            *("--format", "json", "--callback-url", self.callback),
            *arguments,
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            env=self.environment,
            start_new_session=True,
        )
        os.close(terminal)
        text = await self._watch(shown)
        assert await process.wait() == 0, text
        line = next(line for line in text.splitlines() if line.startswith('{"result"'))
        result: dict[str, Any] = json.loads(line)["result"]
        return result

    async def _watch(self, shown: int) -> str:
        text, signed_in = "", False
        while piece := await asyncio.to_thread(_read, shown):
            text += piece
            found = re.search(
                r"http://[^\s\x07\x1b]+/authorize[^\s\x07\x1b]+(?=[\s\x07\x1b])", text
            )
            if found and not signed_in:
                signed_in = True
                landed = await self.browser.visit(found.group())
                async with httpx.AsyncClient() as http:
                    assert (await http.get(landed)).status_code == 200
        os.close(shown)
        return text


def _read(descriptor: int) -> str:
    try:
        return os.read(descriptor, 65536).decode("utf-8", "replace")
    except OSError:
        return ""  # Linux says so when the other end of a terminal has closed
