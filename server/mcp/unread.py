"""The body of a request as it comes, and what little is read of one that is not understood."""

from __future__ import annotations

import json

import msgspec
from starlette.types import Message, Receive

from server.mcp.protocol.exchanges import CALL
from server.mcp.protocol.request_headers import CONTENT_LENGTH, RequestHeaders

DIGITS = 18
"""Of a length that can be meant."""


class TooLarge(Exception):  # noqa: N818 - says what is
    """The body is larger than it may be."""


class Gone(Exception):  # noqa: N818 - says what is
    """The client went before it had sent its request."""


class _Params(msgspec.Struct):
    name: str = ""


class _Called(msgspec.Struct):
    method: str = ""
    params: _Params | None = None


_called = msgspec.json.Decoder(_Called)


async def body_of(headers: RequestHeaders, receive: Receive, limit: int) -> bytes:
    """Return a body; raises `TooLarge`, if it can before anything is read, or `Gone`."""
    told = headers.get(CONTENT_LENGTH)
    if told is not None and told.isdecimal() and (len(told) > DIGITS or int(told) > limit):
        raise TooLarge
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body", False) and len(body) <= limit:
        message = await receive()
        body += message.get("body", b"")
    if message["type"] == "http.disconnect":
        raise Gone
    if len(body) > limit:
        raise TooLarge
    return body


def called(body: bytes) -> tuple[str, str]:
    """Return the method of a request, and the name of the tool that it calls; what is malformed calls none. Others
    may read a body in another way: `gate.ADMITTED` has them compare."""
    try:
        call = _called.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _leniently(body)
    return call.method, call.params.name if call.method == CALL and call.params else ""


def _leniently(body: bytes) -> tuple[str, str]:
    """Read what is no JSON for msgspec and still is for others: NaN, half a character, a name given twice."""
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        return "", ""
    method, params = (
        (request.get("method"), request.get("params")) if isinstance(request, dict) else ("", None)
    )
    if not isinstance(method, str):
        return "", ""
    name = params.get("name") if method == CALL and isinstance(params, dict) else ""
    return method, name if isinstance(name, str) else ""


def replayed(body: bytes, receive: Receive) -> Receive:
    """Return a receiver that gives the body that was read, then what really comes."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay
