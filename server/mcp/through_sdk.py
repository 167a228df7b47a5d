"""The tools behind the mcp SDK's lowlevel server, stateless and answering in JSON, both protocol eras on
one URL. Only `resource_server` reads this module, and only when the SDK is needed."""

from __future__ import annotations

from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from mcp.types import CallToolRequestParams, ElicitResult, PaginatedRequestParams
from starlette.requests import Request

from domain.trace_context import traceparent
from server.bearer import AccessGrant
from server.mcp.calls import Calls, UnknownTool
from server.mcp.elicitation import QUESTION, TRACE_META, Call
from server.mcp.gate import CALLER
from server.mcp.protocol.identity import NOT_CACHED, Identity
from server.mcp.protocol.messages import Elicited
from server.mcp.protocol.replies import INVALID_PARAMS
from server.mcp.protocol.security import Security
from server.mcp.protocol.versions import MODERN_VERSIONS
from server.mcp.tools import Toolset

Context = ServerRequestContext[Any, Request]
Paging = PaginatedRequestParams | None


def sessions(
    identity: Identity, tools: Toolset, calls: Calls, security: Security, limit: int
) -> StreamableHTTPSessionManager:
    """Return what handles requests as the SDK does; `limit` is the most bytes of one."""

    async def list_tools(context: Context, _params: Paging) -> dict[str, Any]:
        listed = [one.fields() for one in tools.listed(_caller(context).person)]
        return {"resultType": "complete", "tools": listed, **NOT_CACHED}

    async def call_tool(context: Context, params: CallToolRequestParams) -> dict[str, Any]:
        try:
            result = await calls.run(_caller(context), _call(context, params))
        except UnknownTool as fault:
            raise MCPError(INVALID_PARAMS, str(fault)) from None
        return {"resultType": "complete", **result.content}

    server: Server[dict[str, Any]] = Server(
        identity.name,
        version=identity.version,
        title=identity.title,
        instructions=identity.instructions,
        on_list_tools=list_tools,  # type: ignore[arg-type]  # the runner takes plain results as well
        on_call_tool=call_tool,  # type: ignore[arg-type]  # likewise
    )
    return StreamableHTTPSessionManager(
        server,
        json_response=True,
        stateless=True,
        security_settings=_settings(security),
        max_request_body_size=limit,
    )


def _settings(security: Security) -> TransportSecuritySettings:
    hosts, origins = sorted(security.hosts), sorted(security.origins)
    return TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=origins)


def _caller(context: Context) -> AccessGrant:
    """Return whom the gate let in."""
    assert context.request is not None  # noqa: S101 - every transport of ours is HTTP
    caller: AccessGrant = context.request.scope[CALLER]
    return caller


def _call(context: Context, params: CallToolRequestParams) -> Call:
    modern = context.protocol_version in MODERN_VERSIONS
    capabilities = context.session.client_capabilities
    asks = capabilities.elicitation if capabilities else None
    forms = modern and asks is not None and (asks.form is not None or asks.url is None)
    given = (params.input_responses or {}).get(QUESTION)
    sent = traceparent((context.meta or {}).get(TRACE_META))
    answered = None if given is None else _elicited(given)
    return Call(params.name, params.arguments, forms, answered, modern, sent)


def _elicited(given: object) -> Elicited:
    """Return what the person did; an answer of another kind is none."""
    if isinstance(given, ElicitResult):
        return Elicited(given.action, given.content)
    return Elicited("decline")
