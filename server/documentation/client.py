"""A small MCP client for the command line, which signs in through the browser and remembers it in a file:

    python client.py URL                      lists the tools
    python client.py URL TOOL [ARGUMENTS]     calls one; ARGUMENTS are JSON

It is the one of the quick start and of the recorded walk-through, and needs the package `mcp` alone."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import webbrowser
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from mcp.types import TextContent
from pydantic import AnyUrl

MEMORY = Path(".signed-in.json")


class Memory:
    """What is kept of a sign-in: tokens, and as whom the server knows this client."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = json.loads(MEMORY.read_text()) if MEMORY.exists() else {}

    async def get_tokens(self) -> OAuthToken | None:
        """Return the tokens, if there are any."""
        return OAuthToken.model_validate_json(self.kept["tokens"]) if self.kept else None

    async def set_tokens(self, tokens: OAuthToken) -> None:
        """Keep the tokens in a file that nobody else may read."""
        self.kept["tokens"] = tokens.model_dump_json()
        self._write()

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        """Return what the server said when this client registered."""
        said = self.kept.get("client")
        return OAuthClientInformationFull.model_validate_json(said) if said else None

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        """Remember what the server said; it is kept with the tokens."""
        self.kept["client"] = client_info.model_dump_json()

    def _write(self) -> None:
        MEMORY.touch(mode=0o600)
        MEMORY.write_text(json.dumps(self.kept))


class Browser:
    """Opens the browser, and waits for the answer that it is sent back with, at a port that was free: which
    one does not matter to a server (RFC 8252 section 7.3)."""

    def __init__(self) -> None:
        self.answer = asyncio.get_running_loop().create_future()
        self.port = socket.create_server(("127.0.0.1", 0))
        self.callback = f"http://127.0.0.1:{self.port.getsockname()[1]}/callback"

    async def open(self, url: str) -> None:
        """Listen where the browser comes back to, and open it."""
        await asyncio.start_server(self._heard, sock=self.port)
        await asyncio.to_thread(webbrowser.open, url)

    async def come_back(self) -> AuthorizationCodeResult:
        """Return what the browser brings."""
        told = parse_qs(urlsplit(await self.answer).query)
        code, state, issuer = (told.get(name, [""])[0] for name in ("code", "state", "iss"))
        return AuthorizationCodeResult(code=code, state=state, iss=issuer)

    async def _heard(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.answer.set_result((await reader.readline()).split()[1].decode())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\nYou may close this window.")
        await writer.drain()
        writer.close()


async def main(url: str, tool: str = "", arguments: str = "{}") -> int:
    """List the tools, or call one and print what it says."""
    browser = Browser()
    about = OAuthClientMetadata(client_name="client.py", redirect_uris=[AnyUrl(browser.callback)])
    auth = OAuthClientProvider(url, about, Memory(), browser.open, browser.come_back)
    async with (
        create_mcp_http_client(auth=auth) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        if not tool:
            for one in (await client.list_tools()).tools:
                print(f"{one.name}: {one.title}")
            return 0
        result = await client.call_tool(tool, json.loads(arguments))
    print("\n".join(one.text for one in result.content if isinstance(one, TextContent)))
    return int(result.is_error)


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
