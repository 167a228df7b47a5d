"""The messages that are understood, as types that take nothing else: a field that is not named here, or
holds what it should not, leaves the whole message to the SDK. Their decoders are made when the module
is read, while there is one thread (msgspec learns a type when it first meets it)."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

Open = dict[str, Any]
Message = TypeVar("Message")
NOT_UNDERSTOOD = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding raises: the last at lists within lists within lists."""


class Envelope(Struct, forbid_unknown_fields=True):
    """A JSON-RPC request, or a notification, which has no id."""

    jsonrpc: Literal["2.0"]
    method: str
    id: int | str | UnsetType = UNSET
    params: msgspec.Raw | UnsetType = UNSET


class Elicited(Struct, frozen=True, forbid_unknown_fields=True):
    """What a person did with a form."""

    action: Literal["accept", "decline", "cancel"]
    content: dict[str, str | int | float | bool | list[str] | None] | None = None


class CallParams(Struct, forbid_unknown_fields=True):
    """Those of tools/call."""

    name: str
    arguments: Open | None = None
    meta: Open | UnsetType = field(name="_meta", default=UNSET)
    responses: dict[str, Elicited] | UnsetType | None = field(name="inputResponses", default=UNSET)
    state: str | UnsetType | None = field(name="requestState", default=UNSET)


class ListParams(Struct, forbid_unknown_fields=True):
    """Those of tools/list."""

    cursor: str | None = None
    meta: Open | UnsetType = field(name="_meta", default=UNSET)


class Filter(Struct):
    """Of which changes a client wishes to hear; extensions add further kinds, which are none of ours."""

    tools: bool | None = field(name="toolsListChanged", default=None)
    prompts: bool | None = field(name="promptsListChanged", default=None)
    resources: bool | None = field(name="resourcesListChanged", default=None)
    uris: list[str] | None = field(name="resourceSubscriptions", default=None)


class ListenParams(Struct, forbid_unknown_fields=True):
    """Those of subscriptions/listen."""

    notifications: Filter
    meta: Open | UnsetType = field(name="_meta", default=UNSET)


class PromptParams(Struct, forbid_unknown_fields=True):
    """Those of prompts/get."""

    name: str
    arguments: dict[str, str] | None = None
    meta: Open | UnsetType = field(name="_meta", default=UNSET)


class ReadParams(Struct, forbid_unknown_fields=True):
    """Those of resources/read."""

    uri: str
    meta: Open | UnsetType = field(name="_meta", default=UNSET)


class PromptRef(Struct, forbid_unknown_fields=True, tag_field="type", tag="ref/prompt"):
    """A prompt of which an argument is filled in."""

    name: str
    title: str | None = None


class TemplateRef(Struct, forbid_unknown_fields=True, tag_field="type", tag="ref/resource"):
    """A template of which a variable is filled in."""

    uri: str


class Argument(Struct, forbid_unknown_fields=True):
    """What is filled in, and what stands there so far."""

    name: str
    value: str


class FilledIn(Struct, forbid_unknown_fields=True):
    """What is filled in already."""

    arguments: dict[str, str] | None = None


class CompleteParams(Struct, forbid_unknown_fields=True):
    """Those of completion/complete."""

    ref: PromptRef | TemplateRef
    argument: Argument
    context: FilledIn | None = None
    meta: Open | UnsetType = field(name="_meta", default=UNSET)


Asked = PromptParams | ReadParams | CompleteParams


class Params(Struct, forbid_unknown_fields=True):
    """Those of a method that has none of its own."""

    meta: Open | UnsetType = field(name="_meta", default=UNSET)


class Icon(Struct):
    """A picture of a client."""

    src: str
    mime: str | None = field(name="mimeType", default=None)
    sizes: list[str] | None = None
    theme: Literal["dark", "light"] | None = None


class Implementation(Struct):
    """What a client says of itself."""

    name: str
    version: str
    title: str | None = None
    description: str | None = None
    website: str | None = field(name="websiteUrl", default=None)
    icons: list[Icon] | None = None


class Roots(Struct):
    """Whether a client shows folders."""

    changes: bool | None = field(name="listChanged", default=None)


class Sampling(Struct):
    """Whether a client lends its model."""

    context: Open | None = None
    tools: Open | None = None


class Elicitation(Struct):
    """Whether a client asks its person."""

    form: Open | None = None
    url: Open | None = None


class Tasks(Struct):
    """Whether a client does work of its own; what it says in `requests` is left to the SDK."""

    cancel: Open | None = None
    list: Open | None = None
    requests: None = None


class Capabilities(Struct):
    """What a client can do."""

    elicitation: Elicitation | None = None
    experimental: dict[str, Open] | None = None
    extensions: dict[str, Open] | None = None
    roots: Roots | None = None
    sampling: Sampling | None = None
    tasks: Tasks | None = None

    @property
    def shows_forms(self) -> bool:
        """Say whether the client shows forms; one that names no way of asking means these."""
        asks = self.elicitation
        return asks is not None and (asks.form is not None or asks.url is None)


class RequestMeta(Struct):
    """What every modern request says of itself."""

    version: str = field(name="io.modelcontextprotocol/protocolVersion")
    capabilities: Capabilities = field(name="io.modelcontextprotocol/clientCapabilities")
    client: Implementation | None = field(name="io.modelcontextprotocol/clientInfo", default=None)
    log_level: (
        Literal["alert", "critical", "debug", "emergency", "error", "info", "notice", "warning"]
        | None
    ) = field(name="io.modelcontextprotocol/logLevel", default=None)
    progress: int | str | UnsetType = field(name="progressToken", default=UNSET)
    progress_token: int | str | UnsetType = UNSET


class EarlierMeta(Struct):
    """What a request of the earlier era may say of itself."""

    progress: int | str | UnsetType = field(name="progressToken", default=UNSET)
    progress_token: int | str | UnsetType = UNSET


class InitializeParams(Struct, forbid_unknown_fields=True):
    """Those of initialize."""

    version: str = field(name="protocolVersion")
    capabilities: Capabilities
    client: Implementation = field(name="clientInfo")
    meta: Open | UnsetType = field(name="_meta", default=UNSET)


_envelope = msgspec.json.Decoder(Envelope)
_open = msgspec.json.Decoder(Open | None)
_calls = msgspec.json.Decoder(CallParams)
_PARAMS: dict[type[Any], msgspec.json.Decoder[Any]] = {
    one: msgspec.json.Decoder(one)
    for one in (
        *(ListParams, ListenParams, Params, InitializeParams),
        *(PromptParams, ReadParams, CompleteParams),
    )
} | {CallParams: _calls}


def envelope(body: bytes) -> Envelope | None:
    """Return the message that a body holds, None if it is not understood."""
    try:
        return _envelope.decode(body)
    except NOT_UNDERSTOOD:
        return None


def params(raw: msgspec.Raw | UnsetType, kind: type[Message]) -> Message | None:
    """Return the parameters of a message; None if they are not understood."""
    try:
        message: Message = _PARAMS[kind].decode(b"{}" if raw is UNSET else raw)
    except NOT_UNDERSTOOD:
        return None
    return message


def any_params(raw: msgspec.Raw | UnsetType) -> Open | None:
    """Return parameters of any kind, None where there are none; raises one of `NOT_UNDERSTOOD`."""
    return None if raw is UNSET else _open.decode(raw)


def meta(given: Open | UnsetType, kind: type[Message]) -> Message | None:
    """Return what a request says of itself, None if that is not understood."""
    try:
        return msgspec.convert({} if given is UNSET else given, kind)
    except NOT_UNDERSTOOD:
        return None


# `convert` has no object that could be made ahead: let it meet its types now.
meta({}, EarlierMeta)
meta({}, RequestMeta)
