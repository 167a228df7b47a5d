"""Clients from npm as processes of their own: the TypeScript SDK, MCP Inspector's command line, and
the bridge mcp-remote. A `FormBrowser` or a program in its place plays the person."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.browser import FormBrowser
from tests.e2e.open_browser import OPENED, surroundings
from tests.running import free_port

CLIENTS = Path(__file__).parents[1] / "clients"
MODULES = CLIENTS / "node_modules"
NODE = MODULES / ".bin" / "node"
CONFORMANCE = MODULES / "@modelcontextprotocol/conformance/dist/index.js"
INSPECTOR = MODULES / "@modelcontextprotocol/inspector/clients/cli/build/index.js"
REMOTE = MODULES / "mcp-remote/dist/proxy.js"
INSTALLED = all(file.exists() for file in (NODE, CONFORMANCE, INSPECTOR, REMOTE))
ANSWER_SECONDS = 60
TYPESCRIPT_CALLBACK = "http://127.0.0.1:43211/callback"


@asynccontextmanager
async def running(*command: object, **how: Any) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a program that is spoken with by pipes; it ends with the block, however that ends."""
    pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
    process = await asyncio.create_subprocess_exec(*map(str, command), **{**pipes, **how})
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


class TypeScriptClient:
    """A program of tests/clients: it asks for a browser and tells its results line by line."""

    def __init__(self, browser: FormBrowser, process: asyncio.subprocess.Process) -> None:
        self.browser = browser
        self.process = process

    @classmethod
    @asynccontextmanager
    async def started(
        cls, browser: FormBrowser, file: str, *arguments: str
    ) -> AsyncIterator[TypeScriptClient]:
        """Start it on the user's MCP server."""
        command = (NODE, CLIENTS / file, f"{browser.issuer}/mcp/user", *arguments)
        async with running(*command) as process:
            yield cls(browser, process)

    async def told(self) -> dict[str, Any]:
        """Return the next line that it tells."""
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), ANSWER_SECONDS)
        message: dict[str, Any] = json.loads(line)
        return message

    async def answer(self, line: str) -> None:
        """Say something to it."""
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        await self.process.stdin.drain()

    async def signed_in(self) -> None:
        """Let the person answer what it asks now."""
        await self.answer(await self.browser.visit((await self.told())["authorize"]))

    async def result(self) -> dict[str, Any]:
        """Return the last line that it tells, once it has ended well."""
        told = await self.told()
        assert await self.process.wait() == 0
        return told


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
        command = (
            *(NODE, INSPECTOR, "--cli", f"{self.browser.issuer}/mcp/user", "--transport", "http"),
            *("--format", "json", "--callback-url", self.callback, *arguments),
        )
        how = {"env": self.environment, "start_new_session": True}
        ends = dict.fromkeys(("stdin", "stdout", "stderr"), terminal)
        async with running(*command, **ends, **how) as process:
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


class McpRemote:
    """mcp-remote with a home of its own: a client that only speaks over standard input."""

    def __init__(self, issuer: str, home: Path) -> None:
        self.home = home
        self.environment = surroundings(home, issuer)
        self.command = (
            NODE,
            REMOTE,
            f"{issuer}/mcp/user",
            free_port(),
            "--transport",
            "http-only",
        )

    def opened(self) -> list[str]:
        """Return the URLs that it has opened a browser for."""
        file = self.home / OPENED
        return file.read_text().splitlines() if file.exists() else []

    async def tools(self) -> list[str]:
        """Start it, ask for the tools through it, and end it; return their names."""
        hello = {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        }
        how = {"stderr": asyncio.subprocess.DEVNULL, "env": self.environment}
        async with running(*self.command, **how) as process:
            await _ask(process, {"id": 1, "method": "initialize", "params": hello})
            await _ask(process, {"method": "notifications/initialized"})
            listed = await _ask(process, {"id": 2, "method": "tools/list"})
            process.terminate()
            await process.wait()
        return [tool["name"] for tool in listed["tools"]]


async def _ask(process: asyncio.subprocess.Process, message: dict[str, Any]) -> dict[str, Any]:
    """Send a JSON-RPC message; return the result of one that is a request."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
    if "id" not in message:
        return {}
    answer = json.loads(await asyncio.wait_for(process.stdout.readline(), ANSWER_SECONDS))
    assert "result" in answer, answer
    result: dict[str, Any] = answer["result"]
    return result
