"""The MCP server of one resource: the SDK's lowlevel server, stateless and answering in JSON, both
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
    InputRequiredResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
)
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from domain.errors import Refused
from domain.ports import Clock, Unavailable
from server.bearer import AccessGrant
from server.config import Settings
from server.errors import UNAVAILABLE
from server.mcp.arguments import BadArguments, check_arguments
from server.mcp.elicitation import can_ask, question, with_answers
from server.mcp.gate import BODY_LIMIT, CALLER, Gate, Used
from server.mcp.tools import Toolset
from server.oauth.resources import ADMIN, USER, Resource
from server.reads import Reads

INSTRUCTIONS = {
    USER: (
        "Doorward takes access requests. Search the catalog, look at a permission's rules with "
        "list_requestable_permissions, ask the person for a justification in his own words, then "
        "submit. list_access_requests tells how far a request has come."
    ),
    ADMIN: (
        "Doorward's administration. list_connected_clients shows which AI clients act for which "
        "people; disconnect_client ends that. Say what will happen before you change anything."
    ),
}
Context = ServerRequestContext[Any, Request]
_log = logging.getLogger(__name__)


class McpServer:
    """The MCP server of one resource; it must `run` for requests to be answered."""

    def __init__(
        self,
        resource: Resource,
        tools: Toolset,
        reads: Reads,
        settings: Settings,
        clock: Clock,
        used: Used,
    ) -> None:
        self._resource = resource
        self._tools = tools
        self._origins = settings.allowed_origins
        server: Server[dict[str, Any]] = Server(
            "doorward",
            version=metadata.version("doorward"),
            title=resource.name,
            instructions=INSTRUCTIONS[resource],
            on_list_tools=self._list,
            on_call_tool=self._call,
        )
        self._sessions = StreamableHTTPSessionManager(
            server,
            json_response=True,
            stateless=True,
            security_settings=_security(settings),
            max_request_body_size=BODY_LIMIT,
        )
        app = StreamableHTTPASGIApp(self._sessions)
        issuer = settings.issuer
        self._gate = Gate(app, resource, reads, issuer, clock, tools.scopes_of, used)

    def routes(self) -> list[BaseRoute]:
        """Return its routes; POST alone, since nothing is ever streamed. A slash at the end is
        served as well: on a redirect, clients lose their token or their body."""
        paths = (self._resource.path, f"{self._resource.path}/")
        return [self._route(path) for path in paths]

    def _route(self, path: str) -> Route:
        """Preflights of allowed origins are answered before anything asks for a token."""
        if not self._origins:
            return Route(path, self._gate, methods=["POST"])
        app = CORSMiddleware(
            self._gate,
            allow_origins=self._origins,
            allow_methods=["POST"],
            allow_headers=["*"],
            expose_headers=["WWW-Authenticate", "MCP-Protocol-Version"],
        )
        return Route(path, app, methods=["POST", "OPTIONS"])

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Answer requests until the block is left."""
        async with self._sessions.run():
            yield

    async def _list(
        self, context: Context, _params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return ListToolsResult(tools=self._tools.listed(_caller(context).person))

    async def _call(
        self, context: Context, params: CallToolRequestParams
    ) -> CallToolResult | InputRequiredResult:
        grant = _caller(context)
        tool = self._tools.find(params.name, grant.person)
        if tool is None:
            raise MCPError(INVALID_PARAMS, "There is no such tool.")
        try:
            given = with_answers(params.arguments, params)
            answer = await tool.run(grant, check_arguments(tool.definition, given))
        except BadArguments as fault:
            return _error("invalid_arguments", str(fault))
        except Refused as refusal:
            return _error(refusal.code, refusal.sentence)
        except Unavailable as outage:
            _log.warning("a tool call met an outage: %s", outage)
            return _error(UNAVAILABLE, "Doorward cannot reach its store; try again in a moment.")
        asked = question(answer) if can_ask(context, params) else None
        return asked or CallToolResult(
            content=[TextContent(text=answer.text)], structured_content=answer.fields
        )


def _caller(context: Context) -> AccessGrant:
    """Return whom the gate let in."""
    assert context.request is not None  # noqa: S101 - every transport of ours is HTTP
    caller: AccessGrant = context.request.scope[CALLER]
    return caller


def _error(code: str, sentence: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=f"{code}: {sentence}")], is_error=True)


def _security(settings: Settings) -> TransportSecuritySettings:
    """Take requests for our own name alone, and from our own pages and the allowed origins, so
    that no foreign page can rebind to us."""
    host = urlsplit(settings.issuer).netloc
    origins = [settings.issuer, *settings.allowed_origins]
    return TransportSecuritySettings(allowed_hosts=[host], allowed_origins=origins)
