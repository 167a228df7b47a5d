"""The body of a request as it comes, and what little is read of one that is not understood."""

from __future__ import annotations

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


class _Method(msgspec.Struct):
    method: str = ""


_called = msgspec.json.Decoder(_Called)
_method = msgspec.json.Decoder(_Method)


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
    """Return the method of a request, and the name of the tool that it calls; what is malformed calls none."""
    try:
        call = _called.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _method_alone(body), ""
    return call.method, call.params.name if call.method == CALL and call.params else ""


def _method_alone(body: bytes) -> str:
    try:
        return _method.decode(body).method
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""


def replayed(body: bytes, receive: Receive) -> Receive:
    """Return a receiver that gives the body that was read, then what really comes."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay
