"""The MCP server at ``/mcp/user``: the SDK's lowlevel server, stateless and answering in JSON, both
protocol eras on one URL. Here a tool's answer or refusal becomes what the protocol carries: a
refusal is a tool error that the model reads; only a name that is no tool of the caller's is an
error of the protocol (-32602), whether or not the tool exists for somebody else."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import metadata
from typing import Any
from urllib.parse import urlsplit

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
)
from starlette.requests import Request
from starlette.routing import Route

from domain.errors import Refused
from domain.ports import Clock, Unavailable
from server.errors import UNAVAILABLE
from server.mcp.arguments import BadArguments, check_arguments
from server.mcp.gate import BODY_LIMIT, CALLER, Caller, Gate
from server.mcp.tools import UserTools
from server.oauth.metadata import USER_PATH
from server.reads import Reads

INSTRUCTIONS = (
    "Doorward takes access requests. Search the catalog, look at a permission's rules with "
    "list_requestable_permissions, ask the person for a justification in his own words, then "
    "submit. list_access_requests tells how far a request has come."
)
Context = ServerRequestContext[Any, Request]
_log = logging.getLogger(__name__)


class UserServer:
    """The MCP server for employees' clients; it must `run` for requests to be answered."""

    def __init__(self, tools: UserTools, reads: Reads, issuer: str, clock: Clock) -> None:
        self._tools = tools
        server: Server[dict[str, Any]] = Server(
            "doorward",
            version=metadata.version("doorward"),
            title="Doorward access requests",
            instructions=INSTRUCTIONS,
            on_list_tools=self._list,
            on_call_tool=self._call,
        )
        self._sessions = StreamableHTTPSessionManager(
            server,
            json_response=True,
            stateless=True,
            security_settings=_security(issuer),
            max_request_body_size=BODY_LIMIT,
        )
        self._gate = Gate(
            StreamableHTTPASGIApp(self._sessions), reads, issuer, clock, tools.scopes_of
        )

    def route(self) -> Route:
        """Return its route; POST alone, since nothing is ever streamed."""
        return Route(USER_PATH, self._gate, methods=["POST"])

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Answer requests until the block is left."""
        async with self._sessions.run():
            yield

    async def _list(
        self, context: Context, _params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        _, person = _caller(context)
        return ListToolsResult(tools=self._tools.listed(person))

    async def _call(self, context: Context, params: CallToolRequestParams) -> CallToolResult:
        grant, person = _caller(context)
        tool = self._tools.find(params.name, person)
        if tool is None:
            raise MCPError(INVALID_PARAMS, "There is no such tool.")
        try:
            arguments = check_arguments(tool.definition, params.arguments)
            answer = await tool.run(grant, person, arguments)
        except BadArguments as fault:
            return _error("invalid_arguments", str(fault))
        except Refused as refusal:
            return _error(refusal.code, refusal.sentence)
        except Unavailable as outage:
            _log.warning("a tool call met an outage: %s", outage)
            return _error(UNAVAILABLE, "Doorward cannot reach its store; try again in a moment.")
        return CallToolResult(
            content=[TextContent(text=answer.text)], structured_content=answer.fields
        )


def _caller(context: Context) -> Caller:
    """Return whom the gate let in."""
    assert context.request is not None  # noqa: S101 - every transport of ours is HTTP
    caller: Caller = context.request.scope[CALLER]
    return caller


def _error(code: str, sentence: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=f"{code}: {sentence}")], is_error=True)


def _security(issuer: str) -> TransportSecuritySettings:
    """Take requests for our own name alone, so that no foreign page can rebind to us."""
    host = urlsplit(issuer).netloc
    return TransportSecuritySettings(allowed_hosts=[host], allowed_origins=[issuer])
