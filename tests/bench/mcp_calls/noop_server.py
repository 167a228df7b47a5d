"""The mcp SDK at its best with a tool that does nothing: the lowlevel server, stateless, answering in JSON."""

from __future__ import annotations

import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
)
from starlette.applications import Starlette
from starlette.routing import Route

NOOP = Tool(name="noop", description="Does nothing.", input_schema={"type": "object"})


async def _list(
    _context: ServerRequestContext[Any, Any], _params: PaginatedRequestParams | None
) -> ListToolsResult:
    return ListToolsResult(tools=[NOOP])


async def _call(
    _context: ServerRequestContext[Any, Any], _params: CallToolRequestParams
) -> CallToolResult:
    return CallToolResult(content=[TextContent(text="ok")], structured_content={"ok": True})


def main() -> None:
    """Serve at the port given, on the loopback interface."""
    server: Server[dict[str, Any]] = Server("noop", on_list_tools=_list, on_call_tool=_call)
    sessions = StreamableHTTPSessionManager(server, json_response=True, stateless=True)

    @asynccontextmanager
    async def running(_app: Starlette) -> AsyncIterator[None]:
        async with sessions.run():
            yield

    route = Route("/mcp/user", StreamableHTTPASGIApp(sessions), methods=["POST"])
    app = Starlette(routes=[route], lifespan=running)
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", int(sys.argv[1])))
    config = uvicorn.Config(
        app, http="httptools", loop="uvloop", log_level="error", access_log=False
    )
    uvicorn.Server(config).run(sockets=[bound])


if __name__ == "__main__":
    main()
