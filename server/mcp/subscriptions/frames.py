"""What stands on a stream: messages as server-sent events (HTML §9.2). Each names the request that has opened
the stream, since some transports carry several streams at once."""

from __future__ import annotations

from server.mcp.protocol.replies import Id, encoded
from server.mcp.subscriptions.wishes import Notice, Wishes

ACKNOWLEDGED = "notifications/subscriptions/acknowledged"
SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"
SERVER = "io.modelcontextprotocol/serverInfo"
HEADERS = (
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
)
ALIVE = b": alive\r\n\r\n"
"""A comment: it keeps proxies from ending the stream, and finds out that a client has gone."""
RETRY = b"retry: 3000\r\n"
"""Milliseconds after which a client that was cut off comes again."""


def acknowledged(request_id: Id, honoured: Wishes) -> bytes:
    """Return the first message, which says what will be told."""
    params: dict[str, object] = {"notifications": honoured.fields()}
    return RETRY + _event(_notification(request_id, ACKNOWLEDGED, params))


def told(request_id: Id, notice: Notice) -> bytes:
    """Return a notice as a message."""
    return _event(_notification(request_id, notice.method, notice.params()))


def ended(request_id: Id, server: dict[str, object]) -> bytes:
    """Return the last message: the answer to the request, which ends the stream in good order."""
    meta = {SUBSCRIPTION: request_id, SERVER: server}
    result = {"resultType": "complete", "_meta": meta}
    return _event({"jsonrpc": "2.0", "id": request_id, "result": result})


def _notification(request_id: Id, method: str, params: dict[str, object]) -> dict[str, object]:
    params = {"_meta": {SUBSCRIPTION: request_id}, **params}
    return {"jsonrpc": "2.0", "method": method, "params": params}


def _event(message: dict[str, object]) -> bytes:
    return b"event: message\r\ndata: %b\r\n\r\n" % encoded(message)
