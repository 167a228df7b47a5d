"""The tools, and what is offered beside them, behind the mcp SDK's lowlevel server, stateless and answering in
JSON, both protocol eras on one URL. Only `resource_server` reads this module, and only when the SDK is
needed."""

from __future__ import annotations

from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from mcp.types import CallToolRequestParams, ElicitResult, Icon, PaginatedRequestParams
from starlette.requests import Request

from domain.trace_context import traceparent
from server.mcp.calls import Calls, UnknownTool
from server.mcp.elicitation import TRACE_META, Call
from server.mcp.offering import Answering
from server.mcp.offering_through_sdk import caller as _caller
from server.mcp.offering_through_sdk import caller_of, handlers
from server.mcp.protocol.exchanges import CALL
from server.mcp.protocol.identity import NOT_CACHED, Identity
from server.mcp.protocol.messages import Elicited
from server.mcp.protocol.replies import INVALID_PARAMS
from server.mcp.protocol.security import Security
from server.mcp.protocol.versions import MODERN_VERSIONS
from server.mcp.subscriptions.listening import Listening
from server.mcp.subscriptions.through_sdk import listener
from server.mcp.tools import Toolset

Context = ServerRequestContext[Any, Request]
Paging = PaginatedRequestParams | None


def sessions(
    identity: Identity,
    tools: Toolset,
    calls: Calls,
    security: Security,
    limit: int,
    listening: Listening | None,
    answering: Answering,
) -> StreamableHTTPSessionManager:
    """Return what handles requests as the SDK does; `limit` is the most bytes of one."""

    async def list_tools(context: Context, _params: Paging) -> dict[str, Any]:
        listed = [one.fields() for one in tools.listed(_caller(context))]
        return {"resultType": "complete", "tools": listed, **NOT_CACHED}

    async def call_tool(context: Context, params: CallToolRequestParams) -> dict[str, Any]:
        try:
            grant = caller_of(context, CALL, params.name)
            result = await calls.run(grant, _call(context, params))
        except UnknownTool as fault:
            raise MCPError(INVALID_PARAMS, str(fault)) from None
        return {"resultType": "complete", **result.content}

    server: Server[dict[str, Any]] = Server(
        **_named(identity),
        on_list_tools=list_tools,  # type: ignore[arg-type]  # the runner takes plain results as well
        on_call_tool=call_tool,  # type: ignore[arg-type]  # likewise
        on_subscriptions_listen=listener(listening),
        **handlers(answering),
    )
    return _managed(server, security, limit)


def _named(identity: Identity) -> dict[str, Any]:
    return {
        "name": identity.name,
        "version": identity.version,
        "title": identity.title,
        "instructions": identity.instructions,
        "icons": [Icon.model_validate(one) for one in identity.icons] or None,
    }


def _managed(
    server: Server[dict[str, Any]], security: Security, limit: int
) -> StreamableHTTPSessionManager:
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


def _call(context: Context, params: CallToolRequestParams) -> Call:
    modern = context.protocol_version in MODERN_VERSIONS
    capabilities = context.session.client_capabilities
    asks = capabilities.elicitation if capabilities else None
    forms = modern and asks is not None and (asks.form is not None or asks.url is None)
    sent = traceparent((context.meta or {}).get(TRACE_META))
    responses = {name: _elicited(one) for name, one in (params.input_responses or {}).items()}
    return Call(params.name, params.arguments, forms, modern, sent, responses)


def _elicited(given: object) -> Elicited:
    """Return what the person did; an answer of another kind is none."""
    if isinstance(given, ElicitResult):
        return Elicited(given.action, given.content)
    return Elicited("decline")
