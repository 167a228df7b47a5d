"""How "not now" is said, to each kind of client in its own words: MCP clients read a JSON-RPC error
(JSON-RPC 2.0 §5.1), OAuth clients ``temporarily_unavailable`` (RFC 6749 §5.2), identity providers a SCIM
error (RFC 7644 §3.12), browsers a page, others JSON. All are told when to come again (RFC 9110 §10.2.3)."""

from __future__ import annotations

import json
from html import escape

from starlette.responses import Response

JSON, SCIM_JSON, HTML = "application/json", "application/scim+json", "text/html; charset=utf-8"
UNAVAILABLE = "unavailable"
BUSY = "The server has too much to do; try again in a moment."
RPC_BUSY = -32_000
"""Of the codes that JSON-RPC leaves to servers, one that MCP gives no meaning."""
_OAUTH = ("/token", "/revoke", "/introspect", "/register")
_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Please wait</title>'
    "<h1>Please wait</h1><p>{}</p>"
)


def told(path: str, sentence: str, *, browser: bool) -> tuple[str, bytes]:
    """Return media type and body for whoever asked for `path`; `browser` says that he shows pages."""
    if path.startswith("/mcp/"):
        return JSON, rpc_error(None, sentence)
    if path.startswith(_OAUTH):
        return JSON, _dump({"error": "temporarily_unavailable", "error_description": sentence})
    if path.startswith("/scim/"):
        schemas = ["urn:ietf:params:scim:api:messages:2.0:Error"]
        return SCIM_JSON, _dump({"schemas": schemas, "status": "503", "detail": sentence})
    if browser:
        return HTML, _PAGE.format(escape(sentence)).encode()
    return JSON, _dump({"code": UNAVAILABLE, "detail": sentence})


def rpc_error(request_id: object, sentence: str, wait: int | None = None) -> bytes:
    """Return the JSON-RPC error of a request that is not served now."""
    error: dict[str, object] = {"code": RPC_BUSY, "message": sentence}
    if wait is not None:
        error["data"] = {"retryAfter": wait}
    return _dump({"jsonrpc": "2.0", "id": request_id, "error": error})


def not_now(path: str, accept: str, sentence: str, wait: int) -> Response:
    """Return an answer with 503, for a client that takes what `accept` says."""
    media, body = told(path, sentence, browser="text/html" in accept)
    headers = {"Retry-After": str(wait), "Cache-Control": "no-store"}
    return Response(body, 503, headers=headers, media_type=media)


def _dump(value: dict[str, object]) -> bytes:
    return json.dumps(value).encode()
