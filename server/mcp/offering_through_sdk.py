"""Prompts, resources and completions behind the mcp SDK: the same queries, for a request that only the SDK
understands. Only `through_sdk` reads this module."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp.types import (
    CompleteRequestParams,
    GetPromptRequestParams,
    PaginatedRequestParams,
    PromptReference,
    ReadResourceRequestParams,
)
from starlette.requests import Request

from server.bearer import AccessGrant
from server.mcp.completions import Filling
from server.mcp.gate import ADMITTED, CALLER
from server.mcp.offering import CACHED, Answering, Query
from server.mcp.offering_faults import BadQuestion
from server.mcp.protocol.exchanges import (
    COMPLETE,
    GET_PROMPT,
    LIST_PROMPTS,
    LIST_RESOURCES,
    LIST_TEMPLATES,
    READ_RESOURCE,
)
from server.mcp.protocol.identity import NOT_CACHED
from server.mcp.protocol.replies import INVALID_REQUEST
from server.mcp.protocol.versions import MODERN_VERSIONS

Context = ServerRequestContext[Any, Request]
Handler = Callable[[Context, Any], Awaitable[dict[str, Any]]]
TWO_WAYS = "The request can be read in two ways; name each member once, in plain JSON."
_KEYWORDS = {
    LIST_PROMPTS: "on_list_prompts",
    GET_PROMPT: "on_get_prompt",
    LIST_RESOURCES: "on_list_resources",
    LIST_TEMPLATES: "on_list_resource_templates",
    READ_RESOURCE: "on_read_resource",
    COMPLETE: "on_completion",
}


def handlers(answering: Answering) -> dict[str, Any]:
    """Return what handles the methods that are offered, by the SDK's keywords."""
    return {_KEYWORDS[one]: _handler(answering, one) for one in answering.methods}


def caller(context: Context) -> AccessGrant:
    """Return whom the gate let in."""
    assert context.request is not None  # noqa: S101 - every transport of ours is HTTP
    admitted: AccessGrant = context.request.scope[CALLER]
    return admitted


def caller_of(context: Context, method: str, tool: str = "") -> AccessGrant:
    """Return whom the gate let in, if it was for this; raises `MCPError`."""
    assert context.request is not None  # noqa: S101 - likewise
    if context.request.scope[ADMITTED] != (method, tool):
        raise MCPError(INVALID_REQUEST, TWO_WAYS)
    return caller(context)


def _handler(answering: Answering, method: str) -> Handler:
    async def handle(context: Context, params: Any) -> dict[str, Any]:
        try:
            query = _query(answering, method, params)
            found = await answering.run(caller_of(context, method), query)
        except BadQuestion as fault:
            code = fault.code(modern=context.protocol_version in MODERN_VERSIONS)
            raise MCPError(code, str(fault), fault.data) from None
        return {"resultType": "complete", **found, **(NOT_CACHED if method in CACHED else {})}

    return handle


def _query(answering: Answering, method: str, params: Any) -> Query:
    offering = answering.offering
    match params:
        case GetPromptRequestParams():
            return offering.prompt(params.name, params.arguments or {})
        case ReadResourceRequestParams():
            return offering.contents(params.uri)
        case CompleteRequestParams():
            others = (params.context.arguments if params.context else None) or {}
            filling = Filling(params.argument.name, params.argument.value, others)
            if isinstance(params.ref, PromptReference):
                return offering.values(params.ref.name, filling, of_prompt=True)
            return offering.values(params.ref.uri, filling, of_prompt=False)
        case PaginatedRequestParams() | None:
            return offering.listing(method)
        case _:
            raise TypeError(method)
