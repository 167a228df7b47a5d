"""A small MCP client for the command line, which signs in through the browser and remembers it in a file:

    python client.py URL                      lists the tools
    python client.py URL TOOL [ARGUMENTS]     calls one; ARGUMENTS are JSON

It is the one of the quick start and of the recorded walk-through, and needs the package `mcp` alone."""

from __future__ import annotations

import asyncio
import json
import logging
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


class NotAllowed(Exception):  # noqa: N818 - says what is
    """The person, or the server, has not let this client in."""


class Memory:
    """What is kept of the sign-ins at each URL: tokens, and as whom the server knows this client."""

    def __init__(self, url: str) -> None:
        self.all = json.loads(MEMORY.read_text()) if MEMORY.exists() else {}
        self.kept: dict[str, str] = self.all.setdefault(url, {})

    async def get_tokens(self) -> OAuthToken | None:
        """Return the tokens, if there are any."""
        said = self.kept.get("tokens")
        return OAuthToken.model_validate_json(said) if said else None

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
        MEMORY.write_text(json.dumps(self.all))


class Browser:
    """Opens the browser, and waits for the answer that it is sent back with, at a port that was free: which
    one does not matter to a server (RFC 8252 section 7.3)."""

    def __init__(self) -> None:
        self.answer = asyncio.get_running_loop().create_future()
        self.port = socket.create_server(("127.0.0.1", 0))
        self.callback = f"http://127.0.0.1:{self.port.getsockname()[1]}/callback"

    async def open(self, url: str) -> None:
        """Listen where the browser comes back to, and open it; where there is none, a person does."""
        self.listening = await asyncio.start_server(self._heard, sock=self.port)
        print(f"Sign in at {url}", file=sys.stderr, flush=True)
        await asyncio.to_thread(webbrowser.open, url)

    async def come_back(self) -> AuthorizationCodeResult:
        """Return what the browser brings. Raises `NotAllowed`."""
        answer = await self.answer
        self.listening.close()
        told = {name: values[0] for name, values in parse_qs(answer.query).items()}
        if "error" in told:
            raise NotAllowed(
                f"{told['error']}: {told.get('error_description', 'no reason given')}"
            )
        return AuthorizationCodeResult(
            code=told.get("code", ""), state=told.get("state"), iss=told.get("iss")
        )

    async def _heard(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A browser asks for more than it was sent to, its icon for one, and may open a line without a word.
        target = urlsplit((b"%s / /" % await reader.readline()).split()[1].decode("latin-1"))
        here = target.path == "/callback"
        if here and not self.answer.done():
            self.answer.set_result(target)
        status, said = ("200 OK", "You may close this window.") if here else ("404 Not Found", "")
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(said)}\r\nConnection: close"
        writer.write(f"{head}\r\n\r\n{said}".encode())
        await writer.drain()
        writer.close()


async def main(url: str, tool: str = "", arguments: str = "{}") -> int:
    """List the tools, or call one and print what it says; what goes wrong is said in a line."""
    try:
        return await _asked(url, tool, json.loads(arguments))
    except* Exception as faults:  # noqa: BLE001 - whatever it is, a person reads it
        fault: BaseException = faults
        while isinstance(fault, BaseExceptionGroup):  # of the task groups beneath
            fault = fault.exceptions[0]
        print(f"client.py: {str(fault) or type(fault).__name__}", file=sys.stderr)
    return 1


async def _asked(url: str, tool: str, arguments: dict[str, object]) -> int:
    browser = Browser()
    about = OAuthClientMetadata(client_name="client.py", redirect_uris=[AnyUrl(browser.callback)])
    auth = OAuthClientProvider(url, about, Memory(url), browser.open, browser.come_back)
    async with (
        create_mcp_http_client(auth=auth) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        if not tool:
            for one in (await client.list_tools()).tools:
                print(f"{one.name}: {one.title}")
            return 0
        result = await client.call_tool(tool, arguments)
    print("\n".join(one.text for one in result.content if isinstance(one, TextContent)))
    return int(result.is_error)


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 4:  # noqa: PLR2004 - as the first lines say
        sys.exit(__doc__)
    logging.disable()  # the SDK logs with a traceback what is told in a line
    sys.exit(asyncio.run(main(*sys.argv[1:])))
