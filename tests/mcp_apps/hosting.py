"""The host's own web server: its page, the frame around apps on an origin of its own, the libraries as
npm has installed them, and the way to Doorward's MCP server, on which the person's token is put in."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from server.http_server.web_server import WebServer
from tests.e2e.npm_clients import MODULES

HERE = Path(__file__).parent
BRIDGE = MODULES / "@modelcontextprotocol/ext-apps/dist/src/app-bridge.js"
POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; media-src 'self' data:; connect-src 'none'; object-src 'none'; "
    "base-uri 'self'"
)
"""What a host has to enforce where an app declares that it needs nothing."""
PASSED = ("content-type", "accept", "mcp-method", "mcp-name", "mcp-protocol-version")


@asynccontextmanager
async def hosting(mcp_url: str, token: str) -> AsyncIterator[str]:
    """Serve a host for the person whose token this is; yield where."""
    async with httpx.AsyncClient() as http:

        async def passed_on(request: Request) -> Response:
            headers = {name: request.headers[name] for name in PASSED if name in request.headers}
            headers["authorization"] = f"Bearer {token}"
            sent = await http.post(mcp_url, content=await request.body(), headers=headers)
            return Response(sent.content, sent.status_code, {"content-type": "application/json"})

        async def page(_request: Request) -> Response:
            return FileResponse(HERE / "host.html")

        async def program(_request: Request) -> Response:
            return FileResponse(HERE / "host.mjs", media_type="text/javascript")

        async def sandbox(_request: Request) -> Response:
            headers = {"Content-Security-Policy": POLICY}
            return FileResponse(HERE / "sandbox.html", headers=headers)

        routes = [
            Route("/", page),
            Route("/favicon.ico", lambda _request: Response()),
            Route("/host.mjs", program),
            Route("/sandbox", sandbox),
            Route("/mcp/user", passed_on, methods=["POST"]),
            Mount("/modules", StaticFiles(directory=MODULES)),
        ]
        async with served(Starlette(routes=routes)) as base:
            yield base


@asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[str]:
    """Serve an application on a port of its own; yield its address."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        listening = WebServer(app, draining=lambda: None)
        async with anyio.create_task_group() as group:
            group.start_soon(listening.serve, [bound])
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
            listening.stop()
