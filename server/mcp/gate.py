"""What stands before the MCP server: the size of a request, its bearer token, and the scopes of the
tool it calls. Challenges follow RFC 6750 §3, RFC 9728 §5.1 and the MCP specification: the 401
names all the scopes a client should ask for, the 403 all that this call needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.ports import Clock
from domain.values import FamilyId
from server.bearer import AccessGrant, verify
from server.oauth.resources import Resource
from server.reads import Reads
from server.request_bodies import read_limited

BODY_LIMIT = 256 * 1024
CALLER = "doorward.caller"
Used = Callable[[FamilyId, datetime], None]


class _Params(msgspec.Struct):
    name: str = ""


class _Call(msgspec.Struct):
    method: str = ""
    params: _Params | None = None


class Gate:
    """An ASGI application around the MCP server's."""

    def __init__(
        self,
        app: ASGIApp,
        resource: Resource,
        reads: Reads,
        issuer: str,
        clock: Clock,
        scopes_of: Callable[[str], tuple[str, ...]],
        used: Used,
    ) -> None:
        """`scopes_of` returns what a tool needs, by name; `used` hears of each use of a token."""
        self._app = app
        self._resource = resource
        self._used = used
        self._reads = reads
        self._issuer = issuer
        self._clock = clock
        self._scopes_of = scopes_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through with its caller, or answer it."""
        request = Request(scope, receive)
        caller = await self._caller(request.headers)
        if caller is None:
            await self._unauthorized("authorization" in request.headers)(scope, receive, send)
            return
        body = await read_limited(request, BODY_LIMIT)
        if body is None:
            await _too_large()(scope, receive, send)
            return
        needed = self._scopes_of(_tool(body))
        if not set(needed) <= set(caller.scopes):
            await self._insufficient(needed)(scope, receive, send)
            return
        scope[CALLER] = caller
        await self._app(scope, _replay(body, receive), send)

    async def _caller(self, headers: Mapping[str, str]) -> AccessGrant | None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return None
        resource, now = self._resource.url(self._issuer), self._clock()
        grant = await self._reads.point_query(
            lambda rows: verify(rows, token.strip(), resource, now)
        )
        if grant is not None:
            self._used(grant.family_id, now)
        return grant

    def _unauthorized(self, sent: bool) -> Response:  # noqa: FBT001 - whether a token was sent
        """RFC 6750 §3.1: no error code where no token was sent."""
        challenge = self._challenge(
            self._resource.challenged, 'error="invalid_token"' if sent else ""
        )
        body = {"error": "invalid_token" if sent else "unauthorized"}
        return JSONResponse(body, 401, headers={"WWW-Authenticate": challenge})

    def _insufficient(self, scopes: tuple[str, ...]) -> Response:
        why = 'error_description="this tool needs more access than was consented to"'
        challenge = self._challenge(scopes, f'error="insufficient_scope", {why}')
        body = {"error": "insufficient_scope", "scope": " ".join(scopes)}
        return JSONResponse(body, 403, headers={"WWW-Authenticate": challenge})

    def _challenge(self, scopes: tuple[str, ...], error: str) -> str:
        parts = [
            error,
            f'scope="{" ".join(scopes)}"',
            f'resource_metadata="{self._resource.metadata_url(self._issuer)}"',
        ]
        return "Bearer " + ", ".join(filter(None, parts))


def _tool(body: bytes) -> str:
    """Return the name of the tool that a request calls; what is malformed calls none."""
    try:
        call = msgspec.json.decode(body, type=_Call)
    except (msgspec.MsgspecError, RecursionError):
        return ""
    return call.params.name if call.method == "tools/call" and call.params else ""


def _too_large() -> Response:
    fault = {"code": -32600, "message": f"the request is larger than {BODY_LIMIT} bytes"}
    return JSONResponse({"jsonrpc": "2.0", "id": None, "error": fault}, 413)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a receiver that gives the body that was read, then what really comes."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return messages.pop() if messages else await receive()

    return replayed
