"""The era without a handshake, from 2026-07-28 on: a request says its version, its method and its
tool's name in headers and again in its body, and both must be the same, so that whatever routes by
headers and whatever reads bodies see one request. Checks are made in the order of the SDK's."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from server.mcp.protocol import messages
from server.mcp.protocol.exchanges import (
    CALL,
    COMPLETE,
    DISCOVER,
    GET_PROMPT,
    INITIALIZE,
    LIST,
    LIST_PROMPTS,
    LIST_RESOURCES,
    LIST_TEMPLATES,
    LISTEN,
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
    ListenParams,
    ListParams,
    Open,
    Params,
    PromptParams,
    ReadParams,
)
from server.mcp.protocol.replies import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    STATUS,
    UNSUPPORTED_VERSION,
    Id,
    Reply,
    error,
    plain,
)
from server.mcp.protocol.request_headers import METHOD, NAME, VERSION, RequestHeaders, decoded
from server.mcp.protocol.versions import MODERN_VERSIONS

META_VERSION = "io.modelcontextprotocol/protocolVersion"
META_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
_SERVED: dict[str, type[Any]] = {
    CALL: CallParams,
    LIST: ListParams,
    DISCOVER: Params,
    LISTEN: ListenParams,
    LIST_PROMPTS: ListParams,
    GET_PROMPT: PromptParams,
    LIST_RESOURCES: ListParams,
    LIST_TEMPLATES: ListParams,
    READ_RESOURCE: ReadParams,
    COMPLETE: CompleteParams,
}
_GONE = frozenset({INITIALIZE, PING})
"""Methods of the earlier era, unknown in this one whatever they hold."""


def refusal(headers: RequestHeaders) -> Reply | None:
    """Return what a request is refused with before its body is read."""
    return None if headers.takes_json else plain(406)


def read(headers: RequestHeaders, body: bytes) -> Read:
    """Return what became of a request."""
    message = None if headers.repeated else messages.envelope(body)
    if message is None:
        return None
    if message.id is UNSET:
        return _notified(headers, message)
    kind = _SERVED.get(message.method)
    if kind is None:
        return _unserved(headers, message, message.id)
    params = messages.params(message.params, kind)
    if params is None or (message.method == LISTEN and not headers.takes_events):
        return None
    given: Open | None = None if params.meta is UNSET else params.meta
    wrong = _wrong(headers, message, message.id, given, _named(params))
    if wrong is not None or given is None:
        return wrong
    return _understood(message, message.id, params, given)


def _understood(message: Envelope, request_id: Id, params: Any, given: Open) -> Exchange | None:
    meta = messages.meta(given, messages.RequestMeta)
    if meta is None:
        return None
    call = params if isinstance(params, CallParams) else None
    return Exchange(
        request_id,
        message.method,
        meta.version,
        call,
        modern=True,
        forms=meta.capabilities.shows_forms,
        meta=given,
        wishes=params.notifications if isinstance(params, ListenParams) else None,
        asked=params if isinstance(params, Asked) else None,
    )


def _named(params: object) -> tuple[str, str] | None:
    """Return the member that a header has to repeat, and what stands in it."""
    match params:
        case CallParams() | PromptParams():
            return "name", params.name
        case ReadParams():
            return "uri", params.uri
        case _:
            return None


def _notified(headers: RequestHeaders, message: Envelope) -> Read:
    """Take a notification and do nothing: none changes anything here."""
    try:
        messages.any_params(message.params)
    except messages.NOT_UNDERSTOOD:
        return None
    version = headers.get(VERSION) or ""
    return plain(202) if version in MODERN_VERSIONS else _unsupported(None, version)


def _unserved(headers: RequestHeaders, message: Envelope, request_id: Id) -> Read:
    """Say that there is no such method, once everything else about the request is right."""
    if message.method in OTHER_METHODS:
        return None
    try:
        params = messages.any_params(message.params) or {}
    except messages.NOT_UNDERSTOOD:
        return None
    given = params.get("_meta")
    if given is not None and not isinstance(given, dict):
        return None
    wrong = _wrong(headers, message, request_id, given, None)
    if wrong is not None or given is None:
        return wrong
    if message.method in _GONE or messages.meta(given, messages.RequestMeta) is not None:
        return _refused(request_id, METHOD_NOT_FOUND, "Method not found", message.method)
    return None


def _wrong(
    headers: RequestHeaders,
    message: Envelope,
    request_id: Id,
    meta: Open | None,
    named: tuple[str, str] | None,
) -> Reply | None:
    """Return what is wrong with what the request says of itself, in headers and body."""
    if meta is None:
        said = (
            f"params._meta must be an object carrying the required {META_VERSION!r} and "
            f"{META_CAPABILITIES!r} envelope keys"
        )
        return _refused(request_id, INVALID_PARAMS, said)
    missing = [key for key in (META_VERSION, META_CAPABILITIES) if key not in meta]
    if missing:
        said = f"params._meta is missing the required envelope key(s): {', '.join(missing)}"
        return _refused(request_id, INVALID_PARAMS, said)
    version = meta[META_VERSION]
    if headers.get(VERSION) != version:
        said = "mcp-protocol-version header does not match the request envelope's protocol version"
        return _refused(request_id, HEADER_MISMATCH, said)
    if headers.get(METHOD) != message.method:
        said = "mcp-method header does not match the request body's method"
        return _refused(request_id, HEADER_MISMATCH, said)
    if named is not None and decoded(headers.get(NAME)) != named[1]:
        said = f"mcp-name header does not match the request body's {named[0]!r} parameter"
        return _refused(request_id, HEADER_MISMATCH, said)
    return None if version in MODERN_VERSIONS else _unsupported(request_id, version)


def _unsupported(request_id: Id | None, version: str) -> Reply:
    data = {"supported": list(MODERN_VERSIONS), "requested": version}
    return _refused(request_id, UNSUPPORTED_VERSION, "Unsupported protocol version", data)


def _refused(request_id: Id | None, code: int, said: str, data: object = None) -> Reply:
    return error(STATUS[code], request_id, code, said, data)
