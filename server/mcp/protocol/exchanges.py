"""A request that was understood, whichever era it is of."""

from __future__ import annotations

from dataclasses import dataclass, field

from server.mcp.protocol.messages import Asked, CallParams, Filter, Open
from server.mcp.protocol.replies import Id, Reply

CALL, LIST, DISCOVER = "tools/call", "tools/list", "server/discover"
INITIALIZE, PING, LISTEN = "initialize", "ping", "subscriptions/listen"
LIST_PROMPTS, GET_PROMPT = "prompts/list", "prompts/get"
LIST_RESOURCES, LIST_TEMPLATES = "resources/list", "resources/templates/list"
READ_RESOURCE, COMPLETE = "resources/read", "completion/complete"
OFFERED = frozenset(
    {LIST_PROMPTS, GET_PROMPT, LIST_RESOURCES, LIST_TEMPLATES, READ_RESOURCE, COMPLETE}
)
"""Methods of both eras that are understood; a server may offer what they ask for, or not."""
OTHER_METHODS = frozenset(
    {"logging/setLevel", "resources/subscribe", "resources/unsubscribe", LISTEN}
)
"""Methods of the specification that no server of ours has. The SDK says so, since their parameters
have a form of their own that is looked at first."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request. `version` is that of its era on the wire; `call` is there for tools/call alone;
    `forms` says that the client shows forms; `meta` is what the request says of itself; `wishes` is there
    for subscriptions/listen, and `asked` for those of the methods `OFFERED` that do not just list."""

    id: Id
    method: str
    version: str
    call: CallParams | None = None
    modern: bool = False
    forms: bool = False
    meta: Open = field(default_factory=dict)
    wishes: Filter | None = None
    asked: Asked | None = None


Read = Exchange | Reply | None
"""What became of a request: understood, refused, or not understood."""
