"""The era of the handshake, up to 2025-11-25, without sessions: `initialize` is answered and forgotten,
and every request stands for itself. Its errors travel with the status 200."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from server.mcp.protocol import messages
from server.mcp.protocol.exchanges import (
    CALL,
    COMPLETE,
    GET_PROMPT,
    INITIALIZE,
    LIST,
    LIST_PROMPTS,
    LIST_RESOURCES,
    LIST_TEMPLATES,
    OTHER_METHODS,
    PING,
    READ_RESOURCE,
    Exchange,
    Read,
)
from server.mcp.protocol.messages import (
    Asked,
    CallParams,
    CompleteParams,
    Envelope,
    InitializeParams,
    ListParams,
    Params,
    PromptParams,
    ReadParams,
)
from server.mcp.protocol.replies import INVALID_REQUEST, METHOD_NOT_FOUND, Id, Reply, error
from server.mcp.protocol.request_headers import CONTENT_TYPE, JSON, RequestHeaders
from server.mcp.protocol.versions import HANDSHAKE_VERSIONS, LATEST_HANDSHAKE

_SERVED: dict[str, type[Any]] = {
    CALL: CallParams,
    LIST: ListParams,
    INITIALIZE: InitializeParams,
    PING: Params,
    LIST_PROMPTS: ListParams,
    GET_PROMPT: PromptParams,
    LIST_RESOURCES: ListParams,
    LIST_TEMPLATES: ListParams,
    READ_RESOURCE: ReadParams,
    COMPLETE: CompleteParams,
}
NOT_ACCEPTABLE = "Not Acceptable: Client must accept application/json"
WRONG_CONTENT = "Unsupported Media Type: Content-Type must be application/json"


def refusal(headers: RequestHeaders) -> Reply | None:
    """Return what a request is refused with before its body is read."""
    if not headers.takes_json:
        return error(406, None, INVALID_REQUEST, NOT_ACCEPTABLE)
    kinds = (headers.get(CONTENT_TYPE) or "").split(";")[0].split(",")
    if JSON not in [one.strip() for one in kinds]:
        return error(415, None, INVALID_REQUEST, WRONG_CONTENT)
    return None


def read(version: str, headers: RequestHeaders, body: bytes) -> Read:
    """Return what became of a request."""
    message = None if headers.repeated else messages.envelope(body)
    if message is None:
        return None
    if message.id is UNSET:
        return _notified(message)
    kind = _SERVED.get(message.method)
    if kind is None:
        return _unserved(message, message.id)
    params = messages.params(message.params, kind)
    if params is None or messages.meta(params.meta, messages.EarlierMeta) is None:
        return None
    call = params if isinstance(params, CallParams) else None
    if call is not None and (call.responses is not UNSET or call.state is not UNSET):
        return None
    if isinstance(params, InitializeParams):
        known = params.version in HANDSHAKE_VERSIONS
        version = params.version if known else LATEST_HANDSHAKE
    given = {} if params.meta is UNSET else params.meta
    asked = params if isinstance(params, Asked) else None
    return Exchange(message.id, message.method, version, call, meta=given, asked=asked)


def _notified(message: Envelope) -> Read:
    """Take a notification and do nothing: none changes anything here."""
    try:
        messages.any_params(message.params)
    except messages.NOT_UNDERSTOOD:
        return None
    return Reply(202)


def _unserved(message: Envelope, request_id: Id) -> Read:
    """Say that there is no such method."""
    if message.method in OTHER_METHODS:
        return None
    try:
        messages.any_params(message.params)
    except messages.NOT_UNDERSTOOD:
        return None
    return error(200, request_id, METHOD_NOT_FOUND, "Method not found", message.method)
