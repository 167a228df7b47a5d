"""The ASGI application of one MCP resource. A request passes the gate, is read by the rules of its era
and answered; what is not understood passes the gate as well, and goes to the SDK."""

from __future__ import annotations

import logging

from msgspec import UNSET
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from domain.envelope import Unreadable
from domain.ports import Unavailable
from domain.trace_context import traceparent
from server.bearer import AccessGrant
from server.errors import HANDLERS
from server.mcp.calls import Calls, ToolResult
from server.mcp.elicitation import TRACE_META, Call
from server.mcp.gate import ADMITTED, CALLER, Gate, NotAdmitted
from server.mcp.listing import Listing
from server.mcp.offering import CACHED, Answering
from server.mcp.offering_faults import BadQuestion
from server.mcp.protocol import handshake, modern
from server.mcp.protocol.exchanges import CALL, INITIALIZE, LIST, OFFERED, PING, Exchange, Read
from server.mcp.protocol.identity import Identity
from server.mcp.protocol.replies import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    STATUS,
    Reply,
    encoded,
    error,
    joined,
    result,
)
from server.mcp.protocol.request_headers import HOST, ORIGIN, VERSION, RequestHeaders
from server.mcp.protocol.sdk_server import SdkServer
from server.mcp.protocol.security import Security
from server.mcp.protocol.versions import HANDSHAKE_VERSIONS
from server.mcp.subscriptions.streaming import Streams
from server.mcp.unread import Gone, TooLarge, body_of, called, replayed
from server.mcp.watched_requests import Seen, WatchedRequests

BODY_LIMIT = 256 * 1024
UNNAMED_VERSION = "2025-03-26"
"""The version of a request that names none."""
HANDSHAKE = frozenset({None, *HANDSHAKE_VERSIONS})
"""What the header with the version says in the era of the handshake."""
MISDIRECTED, FORBIDDEN = 421, 403
OUTAGES = (Unavailable, Unreadable)
"""What is no fault of the request is answered as the rest of the server answers it."""
PASSED_ON = (NotAdmitted, *OUTAGES)
_log = logging.getLogger(__name__)


class Endpoint:
    """Answers what is posted to one resource."""

    def __init__(
        self,
        identity: Identity,
        gate: Gate,
        security: Security,
        calls: Calls,
        listing: Listing,
        sdk: SdkServer,
        answering: Answering,
        streams: Streams | None,
        requests: WatchedRequests,
    ) -> None:
        self._identity = identity
        self._gate = gate
        self._security = security
        self._calls = calls
        self._listing = listing
        self._sdk = sdk
        self._answering = answering
        self._streams = streams
        self._requests = requests
        self._stamp = identity.stamp
        self._discovered = joined(identity.discovered, self._stamp)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, and count it."""
        with self._requests.seen() as seen:
            try:
                reply = await self._reply(scope, receive, send, seen)
            except NotAdmitted as fault:
                reply = self._noted(fault)
            except TooLarge:
                said = f"the request is larger than {BODY_LIMIT} bytes"
                reply = error(413, None, INVALID_REQUEST, said)
            except Gone:
                return
            except OUTAGES as fault:
                await _outage(fault, scope, receive, seen.overheard(send))
                return
            if reply is not None:
                seen.became(reply)
                await reply.send(send)

    async def _reply(self, scope: Scope, receive: Receive, send: Send, seen: Seen) -> Reply | None:
        """Return the answer; None where it is sent already."""
        headers = RequestHeaders(scope["headers"])
        token = self._gate.token(headers)
        body = await body_of(headers, receive, BODY_LIMIT)
        read = self._read(headers, body)
        if isinstance(read, Exchange):
            seen.asks(read.method, modern=read.modern)
            if self._streams and read.wishes is not None:
                await self._streams.answer(read, token, receive, seen.overheard(send))
                return None
            return await self._answered(read, token)
        asked = called(body)
        seen.asks(asked[0], modern=headers.get(VERSION) not in HANDSHAKE)
        grant = await self._admitted(token, *asked)
        if read is not None:
            return _refused(read, headers)
        scope[CALLER], scope[ADMITTED] = grant, asked
        await self._sdk(scope, replayed(body, receive), seen.overheard(send))
        return None

    def _read(self, headers: RequestHeaders, body: bytes) -> Read:
        refusal = self._security.refusal(headers)
        if refusal is not None:
            return refusal
        version = headers.get(VERSION)
        if version in HANDSHAKE:
            refusal = handshake.refusal(headers)
            return refusal or handshake.read(version or UNNAMED_VERSION, headers, body)
        return modern.refusal(headers) or modern.read(headers, body)

    async def _admitted(self, token: str, method: str, tool: str) -> AccessGrant:
        """Return who asks what is not understood, if he may ask that."""
        if method in OFFERED:
            return await self._answering.admitted(token, method)
        return await self._calls.admitted(token, tool)

    async def _answered(self, asked: Exchange, token: str) -> Reply:
        """Answer a request that was understood."""
        try:
            if asked.method == CALL:
                called = await self._calls(token, _call(asked))
                return result(asked.id, self._called(asked, called))
            if asked.method in self._answering.methods:
                return result(asked.id, await self._offered(asked, token))
            grant = await self._calls.admitted(token)
            if asked.method in OFFERED or asked.wishes is not None:
                return _unserved(asked)
            return result(asked.id, self._told(asked, self._listing.of(grant)))
        except BadQuestion as fault:
            code = fault.code(modern=asked.modern)
            status = STATUS[code] if asked.modern else 200
            return error(status, asked.id, code, str(fault), fault.data)
        except PASSED_ON:
            raise
        except Exception:  # noqa: BLE001 - a fault of ours, whatever it is
            _log.exception("%s failed", asked.method)
            return error(200, asked.id, INTERNAL_ERROR, "Internal server error")

    async def _offered(self, asked: Exchange, token: str) -> bytes:
        """Return the result of what asks for prompts, resources or completions."""
        query = self._answering.offering.query(asked.method, asked.asked)
        found = encoded(await self._answering(token, asked.method, query))
        if not asked.modern:
            return found
        if asked.method in CACHED:
            found = self._listing.cached(found)
        return joined(found, self._stamp)

    def _noted(self, fault: NotAdmitted) -> Reply:
        if fault.grant is not None:
            self._gate.note(fault.grant)
        return fault.reply

    def _called(self, asked: Exchange, called: ToolResult) -> bytes:
        """Return a call's result; the members that stand in it already win over those of all results."""
        content = encoded(called.content)
        if not asked.modern:
            return content
        return joined(content, self._identity.meta if called.form else self._stamp)

    def _told(self, asked: Exchange, listed: bytes) -> bytes:
        if asked.method == LIST:
            return joined(self._listing.cached(listed), self._stamp) if asked.modern else listed
        if asked.method == INITIALIZE:
            return self._identity.initialized(asked.version)
        return b"{}" if asked.method == PING else self._discovered


def _call(asked: Exchange) -> Call:
    params = asked.call
    assert params is not None  # noqa: S101 - tools/call has been read as such
    responses = {} if params.responses is UNSET else params.responses or {}
    sent = traceparent(asked.meta.get(TRACE_META))
    return Call(params.name, params.arguments, asked.forms, asked.modern, sent, responses)


def _unserved(asked: Exchange) -> Reply:
    status, said = STATUS[METHOD_NOT_FOUND] if asked.modern else 200, "Method not found"
    return error(status, asked.id, METHOD_NOT_FOUND, said, asked.method)


def _refused(reply: Reply, headers: RequestHeaders) -> Reply:
    if reply.status in (MISDIRECTED, FORBIDDEN):
        host, origin = headers.get(HOST), headers.get(ORIGIN)
        _log.warning("refused a request for %.100r from a page of %.100r", host, origin)
    return reply


async def _outage(fault: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer as the rest of the server does what is no fault of the request."""
    answer = HANDLERS[Unavailable if isinstance(fault, Unavailable) else Unreadable]
    response = await answer(Request(scope), fault)
    await response(scope, receive, send)
